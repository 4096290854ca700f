"""The desk: find a client, see where the client stands, act through the types' own pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from accounts.desk.chips import chips_of
from accounts.desk.client import client_page
from accounts.desk.finding import MOST_FOUND, find
from accounts.desk.unlock import unlock_page, unlock_state
from accounts.models import User
from securelogin.access import passive
from securelogin.conf import policy
from securelogin.desk.admin import ReadOnlyAdmin
from securelogin.desk.live import live_status
from securelogin.desk.roles import SEARCH
from securelogin.desk.standing import standings
from securelogin.events import Event
from securelogin.models import SecurityEvent


@admin.register(User)
class ClientAdmin(ReadOnlyAdmin):
    """Read-only: what is changed, is changed by an action with a reason."""

    view_permission = SEARCH

    def get_urls(self) -> list[URLPattern]:
        """The search, a client's page, its live status, unlocking; and none of Django's."""
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "changelist": ("", self.search_view),
            "change": ("<int:pk>/change/", self.client_view),
            "progress": ("<int:pk>/progress/", self.progress_view),
            "unlock": ("<int:pk>/unlock/", self.unlock_view),
            "unlock_state": ("<int:pk>/unlock/state/", self.unlock_state_view),
        }
        return [
            path(route, self.admin_site.admin_view(view), name=f"accounts_user_{name}")
            for name, (route, view) in pages.items()
        ]

    @method_decorator(require_safe)
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """At most ten clients, and only for a question."""
        self._check(request)
        query = request.GET.get("q", "").strip()
        context: dict[str, Any] = {"title": "Find client", "query": query}
        if query:
            found = find(query)
            known = standings(found.clients)
            now, quiet_days = timezone.now(), policy().contact_quiet_days
            rows = [
                (client, chips_of(client, known[client.pk], now, quiet_days=quiet_days))
                for client in found.clients
            ]
            context |= {"found": found, "rows": rows, "most": MOST_FOUND}
        return self._page(request, "search", context)

    @method_decorator(require_safe)
    def client_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where a client stands. SECURITY: whoever opens the record is on record."""
        client = self._client(request, pk)
        agent = cast("User", request.user)
        context = {"title": client.desk_name, **client_page(agent, client)}
        if request.method == "GET":
            SecurityEvent.objects.record(Event.RECORD_OPENED, client, actor=agent)
        return self._page(request, "client", context)

    @passive
    @method_decorator(require_safe)
    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The live status alone; the client's page asks for it every few seconds."""
        client = self._client(request, pk)
        context = {"client": client, "live": live_status(client)}
        return render(request, "admin/accounts/user/progress.html", context)

    def unlock_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who is calling, and why; then the client may try to log in again."""
        base = {**self.admin_site.each_context(request), "opts": self.model._meta}
        return unlock_page(request, self._client(request, pk), base)

    @passive
    @method_decorator(require_safe)
    def unlock_state_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What became of a request for approval; the waiting page asks every few seconds."""
        return unlock_state(request, self._client(request, pk))

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _client(self, request: HttpRequest, pk: int) -> User:
        self._check(request)
        return get_object_or_404(User, pk=pk)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        base = {**self.admin_site.each_context(request), "opts": self.model._meta}
        return render(request, f"admin/accounts/user/{name}.html", {**base, **context})
