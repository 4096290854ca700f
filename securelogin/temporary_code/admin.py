"""Temporary Codes at the desk: issue one, read it out once, make it anew; never see it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from securelogin import proof
from securelogin.access import passive
from securelogin.desk.admin import LoginDeviceAdmin
from securelogin.desk.admin.base import refuse
from securelogin.desk.permissions import may_act_on
from securelogin.temporary_code.desk import IssueDesk, IssuePage, read_out, shown_once
from securelogin.temporary_code.forms import RepeatForm
from securelogin.temporary_code.issuing import ISSUE, ISSUE_ACTION
from securelogin.temporary_code.models import (
    AlreadyIssuedError,
    RepeatRefusedError,
    TemporaryCode,
)

if TYPE_CHECKING:
    from accounts.models import User


@admin.register(TemporaryCode)
class TemporaryCodeAdmin(LoginDeviceAdmin):
    """Adds the pages that issue, wait for a second person, and read out."""

    def get_urls(self) -> list[URLPattern]:
        """``issue/<client>/``, its state, and what follows a code that was read out."""
        view = self.admin_site.admin_view
        return [
            path("issue/<int:pk>/", view(self.issue), name="temporary_code_issue"),
            path("issue/<int:pk>/state/", view(self.state), name="temporary_code_state"),
            path("<int:pk>/read-back/", view(self.read_back), name="temporary_code_read_back"),
            path("<int:pk>/repeat/", view(self.repeat), name="temporary_code_repeat"),
            *super().get_urls(),
        ]

    def has_issue_permission(self, request: HttpRequest, client: User) -> bool:
        """The permission, for a record that the agent may act on."""
        agent = cast("User", request.user)
        return agent.has_perm(ISSUE) and may_act_on(agent, client)

    @sensitive_variables()
    def issue(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Evidence, reason and ticket in, the code out: in the answer to this POST only."""
        return IssuePage(self._desk(request, pk), self._base(request)).answer()

    @passive
    @method_decorator(require_safe)
    def state(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What became of the request for approval: the part of the page that changes."""
        context = self._desk(request, pk).approval_context()
        return render(request, "admin/desk/approval_state.html", context)

    @method_decorator(require_POST)
    def read_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The client read it back correctly."""
        code = self._code(request, pk)
        if code.confirm_read_back(cast("User", request.user)):
            messages.success(request, "Recorded: the client read the code back correctly.")
        else:
            messages.warning(request, "Not recorded: this code is no longer being read out.")
        return redirect("admin:accounts_user_change", code.user_id)

    @sensitive_variables()
    def repeat(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The client did not understand it: a new code, and the end of the old one."""
        code = self._code(request, pk)
        base = self._base(request)
        form = RepeatForm(request.POST or None)
        if request.method != "POST":
            return shown_once(request, base, code.user, status=200)
        if not form.is_valid():
            return shown_once(request, base, code.user, status=422)
        if not proof.is_fresh(request):
            return proof.ask(request)
        agent = cast("User", request.user)
        request_id = form.cleaned_data["request_id"]
        try:
            row, digits = TemporaryCode.objects.repeat(code, by=agent, request_id=request_id)
        except (AlreadyIssuedError, RepeatRefusedError):
            return shown_once(request, base, code.user)
        return read_out(request, base, row, digits)

    def _base(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.model._meta}

    def _desk(self, request: HttpRequest, pk: int) -> IssueDesk:
        client: User = get_object_or_404(get_user_model(), pk=pk)
        self._require(request, client)
        return IssueDesk(request, client)

    def _code(self, request: HttpRequest, pk: int) -> TemporaryCode:
        found = TemporaryCode.objects.select_related("user")
        code: TemporaryCode = get_object_or_404(found, pk=pk)
        self._require(request, code.user)
        return code

    def _require(self, request: HttpRequest, client: User) -> None:
        # SECURITY: asked at every step; a right that was taken away meanwhile is gone.
        if not self.has_issue_permission(request, client):
            refuse(request, client, ISSUE_ACTION)
