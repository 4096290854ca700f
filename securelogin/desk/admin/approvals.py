"""Requests that wait for a second person: the list, and the page to decide on.

The second person sees what was established about the caller and never what comes of it: a code
appears only to the agent who asked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from securelogin import proof, refusals
from securelogin.desk import requests
from securelogin.desk.admin.base import ReadOnlyAdmin
from securelogin.desk.approvals import in_time
from securelogin.desk.forms import KeptWordsField
from securelogin.desk.models import Approval, ApprovalOverError, NotAllowedError
from securelogin.desk.permissions import may_act_on
from securelogin.desk.roles import APPROVE
from securelogin.desk.rules import ApprovalState
from securelogin.desk.timeline import TimelineRow, timeline_rows
from securelogin.events import Event
from securelogin.models import SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User

APPROVE_IT, REFUSE_IT = "approve", "refuse"
SHOWN_FOR = timedelta(hours=24)
MOST_SHOWN = 100
EARLIER_SHOWN = 10
# What the second person should know of the time before this call.
_EARLIER = (
    Event.DEVICE_ISSUED,
    Event.DEVICE_ACTIVATED,
    Event.DEVICE_HELD,
    Event.DEVICE_REACTIVATED,
    Event.CONTACT_CHANGED,
    Event.LOGIN_LOCKED,
    Event.LOGIN_UNLOCKED,
    Event.CHECK_REFUSED,
    Event.PRESSURE_NOTED,
    Event.APPROVAL_GIVEN,
    Event.APPROVAL_REFUSED,
)


class DecideForm(forms.Form):
    """Yes or no, and why."""

    reason = KeptWordsField(
        label="Your reason",
        max_length=200,
        help_text="It is kept in the timeline, and the agent reads it.",
        error_messages={"required": "Enter your reason"},
    )
    # Enter in the field above sends neither: a decision is the press of its own button.
    decision = forms.ChoiceField(
        choices=[(APPROVE_IT, "Approve"), (REFUSE_IT, "Refuse")],
        error_messages={"required": "Press Approve or Refuse"},
    )


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """A list, and a page to decide on."""

    view_permission = APPROVE

    def get_urls(self) -> list[URLPattern]:
        """Both pages, and none of Django's."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.approvals), name="desk_approval_changelist"),
            path("<int:pk>/change/", view(self.decide), name="desk_approval_change"),
        ]

    @method_decorator(require_safe)
    def approvals(self, request: HttpRequest) -> HttpResponse:
        """Those that wait, the oldest first; then what became of the others within a day."""
        person = self._second_person(request)
        now = timezone.now()
        others = Approval.objects.exclude(client=person).select_related("client", "requester")
        over = others.filter(Q(decided_at__isnull=False) | ~in_time(now))
        recent = over.filter(asked_at__gt=now - SHOWN_FOR).select_related("decided_by")
        waiting = others.waiting(now).order_by("asked_at", "pk")[:MOST_SHOWN]
        context = {
            **self.admin_site.each_context(request),
            "title": "Approvals",
            "opts": self.model._meta,
            "waiting": [_row(approval, person) for approval in waiting],
            "over": [_row(row, person) for row in recent.order_by("-asked_at", "-pk")[:MOST_SHOWN]],
            "hours": int(SHOWN_FOR.total_seconds() // 3600),
        }
        return render(request, "admin/desk/approvals.html", context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything the agent established; a reason in, and a yes or a no."""
        person = self._second_person(request)
        found = Approval.objects.select_related("client", "requester", "decided_by", "check_row")
        approval = get_object_or_404(found, pk=pk)
        if barrier := _barrier(approval, person):
            return self._barred(request, approval, barrier)
        if request.method != "POST":
            if request.method == "GET":
                SecurityEvent.objects.record(Event.RECORD_OPENED, approval.client, actor=person)
            return self._page(request, approval, DecideForm(initial=proof.kept(request)))
        form = DecideForm(request.POST)
        if approval.state is not ApprovalState.WAITING:
            return self._page(request, approval, None, status=409)
        if not form.is_valid():
            return self._page(request, approval, form, status=422)
        if not proof.is_fresh(request):
            return proof.ask(request, keep=("reason",))
        approve = form.cleaned_data["decision"] == APPROVE_IT
        try:
            approval.decide(person, approve=approve, reason=form.cleaned_data["reason"])
        except ApprovalOverError:
            return self._page(request, approval, None, status=409)
        except NotAllowedError:
            # A right was taken away since the first look.
            return self._barred(request, approval, _NO_RIGHT)
        messages.success(request, _decided_words(approval))
        return redirect("admin:desk_approval_changelist")

    def _second_person(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return cast("User", request.user)

    def _barred(self, request: HttpRequest, approval: Approval, barrier: str) -> HttpResponse:
        person = cast("User", request.user)
        refusals.note(request, approval.client, APPROVE_IT)
        # SECURITY: of the own record, and of other staff, not even what was established.
        visible = may_act_on(person, approval.client)
        return self._page(request, approval, None, barrier=barrier, visible=visible, status=403)

    def _page(
        self,
        request: HttpRequest,
        approval: Approval,
        form: DecideForm | None,
        *,
        barrier: str = "",
        visible: bool = True,
        status: int = 200,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Decide on a request",
            "opts": self.model._meta,
            "barrier": barrier,
            **_row(approval, cast("User", request.user)),
        }
        context["form"] = form if context["state"] is ApprovalState.WAITING else None
        if visible:
            context |= {
                "visible": True,
                "details": requests.details(approval),
                "established": requests.established(approval.check_row),
                "earlier": _earlier(approval),
            }
        return render(request, "admin/desk/approval.html", context, status=status)


_NO_RIGHT = "Your role may not decide on this request. Ask a supervisor to look at it."


def _barrier(approval: Approval, person: User) -> str:
    """Why this person must not decide; empty if the person may."""
    if person.pk == approval.requester_id:
        return "You asked for this yourself. Another person has to decide."
    if person.pk == approval.client_id:
        return "This request is about you. Nobody decides on the own record."
    return "" if approval.may_be_decided_by(person) else _NO_RIGHT


def _row(approval: Approval, person: User) -> dict[str, Any]:
    """A request as both pages show it."""
    return {
        "approval": approval,
        "client": approval.client,
        "what": requests.what(approval),
        "state": approval.state,
        "minutes": approval.minutes_left,
        "may_decide": approval.may_be_decided_by(person),
        "own": person.pk == approval.requester_id,
    }


def _earlier(approval: Approval) -> list[TimelineRow]:
    """The latest of what happened to the client before this was asked."""
    events = SecurityEvent.objects.filter(
        user=approval.client, kind__in=_EARLIER, at__lt=approval.asked_at
    )
    rows = events.order_by("-at", "-pk").select_related("actor")[:EARLIER_SHOWN]
    return timeline_rows(rows, approval.client)


def _decided_words(approval: Approval) -> str:
    client = approval.client.desk_name
    agent = approval.requester.desk_name
    what = requests.what(approval)
    if not approval.approved:
        return f"Refused. {agent} was not allowed {what} for {client}."
    unit = "minute" if approval.minutes_left == 1 else "minutes"
    return f"Approved. {agent} has {approval.minutes_left} {unit} {what} for {client}."
