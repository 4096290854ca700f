"""The timeline at the desk: to read, to export, and what it comes to in figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from securelogin.desk.admin.base import ReadOnlyAdmin, refuse
from securelogin.desk.export import LONGEST_DAYS, export
from securelogin.desk.figures import DAYS, figures
from securelogin.desk.filters import ExportForm, TimelineForm
from securelogin.desk.found_events import groups, note_opened, page_of
from securelogin.desk.outliers import LEAST, TIMES
from securelogin.desk.roles import EXPORT, FIGURES, SEARCH, TIMELINE
from securelogin.desk.timeline import timeline_rows
from securelogin.models import SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User

View = Callable[[HttpRequest], HttpResponseBase]
# What stays in the address when the group or the page changes.
_FILTERS = ("client", "group", "since", "until", "staff", "reference")


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    """Events of all clients, or of one. No page changes or removes one."""

    view_permission = TIMELINE

    def get_urls(self) -> list[URLPattern]:
        """Three pages, and none of Django's."""
        pages = (
            ("", self.timeline, TIMELINE, "changelist"),
            ("export/", self.export, EXPORT, "export"),
            ("figures/", self.figures, FIGURES, "figures"),
        )
        return [
            path(route, self._for(right, view), name=f"securelogin_securityevent_{name}")
            for route, view, right, name in pages
        ]

    def _for(self, permission: str, view: View) -> View:
        def guarded(request: HttpRequest) -> HttpResponseBase:
            if not cast("User", request.user).has_perm(permission):
                refuse(request, None, "export")
            return view(request)

        return cast("View", self.admin_site.admin_view(guarded))

    @method_decorator(require_safe)
    def timeline(self, request: HttpRequest) -> HttpResponse:
        """Fifty rows, the newest first, and the ways to find others."""
        form = TimelineForm(request.GET)
        return self._timeline_page(request, form)

    @method_decorator(require_POST)
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The same rows as a file. A POST, because it is recorded."""
        form = ExportForm(request.POST)
        if not form.is_valid():
            filters = {
                name: request.POST.get(name, "") for name in _FILTERS if name not in form.errors
            }
            return self._timeline_page(request, TimelineForm(filters), form)
        agent = cast("User", request.user)
        first, last = (form.cleaned_data[name].isoformat() for name in ("since", "until"))
        response = StreamingHttpResponse(
            export(form.wanted, agent, form.days), content_type="text/csv; charset=utf-8"
        )
        name = f"timeline-{first}-to-{last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @method_decorator(require_safe)
    def figures(self, request: HttpRequest) -> HttpResponse:
        """What each agent did in the last days, and who stands out."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Figures",
            "opts": self.model._meta,
            "figures": figures(timezone.now(), timezone.get_current_timezone_name()),
            "rule": {"days": DAYS, "least": LEAST, "times": TIMES},
        }
        return render(request, "admin/desk/figures.html", context)

    def _timeline_page(
        self, request: HttpRequest, form: TimelineForm, export_form: ExportForm | None = None
    ) -> HttpResponse:
        agent = cast("User", request.user)
        filters = {name: value for name in _FILTERS if (value := form.data.get(name, ""))}
        found = _found(form, agent, filters) if form.is_valid() else {}
        problems = [*_problems(form), *(_problems(export_form) if export_form else [])]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Timeline of {_name(found['client'])}" if found.get("client") else "Timeline",
            "opts": self.model._meta,
            "form": form,
            "export_form": export_form or ExportForm(initial=filters),
            "problems": problems,
            "chips": _chips(filters),
            "is_filtered": bool(filters),
            "is_first_page": not (form.data.get("before") or form.data.get("after")),
            "first_page": _query(filters),
            "longest_days": LONGEST_DAYS,
            "may_export": agent.has_perm(EXPORT),
            "may_see_figures": agent.has_perm(FIGURES),
            "may_open_clients": agent.has_perm(SEARCH),
            **found,
        }
        status = 422 if problems else 200
        return render(request, "admin/desk/timeline.html", context, status=status)


def _found(form: TimelineForm, agent: User, filters: dict[str, str]) -> dict[str, Any]:
    """The rows, and where the pages before and after them are."""
    before, after = form.cleaned_data["before"], form.cleaned_data["after"]
    client = form.wanted.client
    if client is not None and not (before or after):
        note_opened(client, agent)
    page = page_of(form.wanted, before=before, after=after)
    return {
        "client": client,
        "rows": timeline_rows(page.events, client),
        "newer": _query(filters, after=page.newer) if page.newer else "",
        "older": _query(filters, before=page.older) if page.older else "",
    }


def _query(filters: dict[str, str], **more: object) -> str:
    return f"?{urlencode(filters | more)}"


def _chips(filters: dict[str, str]) -> list[dict[str, object]]:
    """A link for each group, and one for all of them."""
    others = {name: value for name, value in filters.items() if name != "group"}
    return [
        {
            "label": label,
            "query": _query(others | ({"group": group} if group else {})),
            "is_current": group == filters.get("group", ""),
        }
        for group, label in ({"": "All"} | groups()).items()
    ]


def _problems(form: TimelineForm) -> list[dict[str, str]]:
    """Every message, with the field that it leads to; a hidden one leads nowhere."""
    return [
        {"id": "" if field.is_hidden else str(field.id_for_label), "message": str(message)}
        for field in form
        for message in field.errors
    ]


def _name(person: User) -> str:
    return person.get_full_name() or person.username
