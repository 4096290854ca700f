"""The desk's page that unlocks a login: how it came to the lock, who is calling, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from accounts.unlocking import (
    NotLockedError,
    details_of,
    locks_of,
    risks_of_unlock,
    unlock,
)
from securelogin.desk.admin.base import refuse
from securelogin.desk.admin.risky import RiskyDesk, RiskyPage
from securelogin.desk.forms import IdentityForm, KeptWordsField
from securelogin.desk.permissions import may_act_on
from securelogin.desk.roles import UNLOCK
from securelogin.desk.rules import UNLOCK_ACTION, Risk
from securelogin.events import Event
from securelogin.models import SecurityEvent

MOST_SHOWN = 20
_FAILED = (
    Event.PASSWORD_REFUSED,
    Event.PASSWORD_PAUSED,
    Event.SIGN_IN_REFUSED,
    Event.PROOF_REFUSED,
    Event.LOGIN_LOCKED,
)
_SETTLED = (Event.SIGN_IN_COMPLETED, Event.LOGIN_UNLOCKED)


class UnlockForm(IdentityForm):
    """Who is calling, why the login is unlocked, and which case it is."""

    reason = KeptWordsField(
        label="Why is the login unlocked?",
        max_length=200,
        help_text="For example: mistyped at home, has the card in hand.",
        error_messages={"required": "Enter why the login is unlocked"},
    )
    ticket = KeptWordsField(
        label="Ticket number",
        max_length=40,
        error_messages={"required": "Enter the ticket number of this case"},
    )
    # SECURITY: names the request, so that sending the form again asks once.
    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


@dataclass(frozen=True, slots=True)
class Failed:
    """The same wrong attempt from the same place, again and again.

    Attributes:
        what: in words.
        times: how often.
        source: network and browser.
        first: the first of them, aware.
        last: the last of them, aware.
    """

    what: str
    times: int
    source: str
    first: datetime
    last: datetime


def how_it_came(client: User) -> list[Failed]:
    """The wrong attempts since the last login or unlocking, the latest place first."""
    events = SecurityEvent.objects.filter(user=client)
    settled = events.filter(kind__in=_SETTLED).values_list("at", flat=True).first()
    events = events.filter(kind__in=_FAILED)
    if settled is not None:
        events = events.filter(at__gt=settled)
    groups = events.order_by().values("kind", "title", "network", "browser")
    counted = groups.annotate(times=Count("pk"), first=Min("at"), last=Max("at"))
    return [
        Failed(
            what=" - ".join(filter(None, [Event(row["kind"]).label, row["title"]])),
            times=row["times"],
            source=" ".join(filter(None, [row["network"], row["browser"]])),
            first=row["first"],
            last=row["last"],
        )
        for row in counted.order_by("-last")[:MOST_SHOWN]
    ]


class UnlockDesk(RiskyDesk):
    """One request to the page."""

    action = UNLOCK_ACTION
    label = "Unlock the login"
    url_name = "admin:accounts_user_unlock"
    state_url_name = "admin:accounts_user_unlock_state"
    form_class = UnlockForm
    kept = ("reason", "ticket")

    def all_risks(self) -> list[Risk]:
        """As `accounts.unlocking.risks_of_unlock`."""
        return risks_of_unlock(self.client, self.now, self.check)

    def details_of(self, entries: Mapping[str, Any]) -> dict[str, str]:
        """As `accounts.unlocking.details_of`."""
        return details_of(entries["reason"], entries["ticket"])

    def entries_of(self, details: Mapping[str, str]) -> dict[str, Any]:
        """Reason and ticket."""
        return {"reason": details["why"], "ticket": details["ticket"]}

    def unlock(self, form: IdentityForm) -> None:
        """Unlock on the agent's own evidence, as `accounts.unlocking.unlock`.

        Args:
            form: valid.
        """
        data = form.cleaned_data
        unlock(
            self.client,
            by=self.agent,
            reason=data["reason"],
            ticket=data["ticket"],
            check=self.check,
        )

    def unlock_agreed(self) -> None:
        """Unlock as it was approved, as `accounts.unlocking.unlock`."""
        approval = self.agreed()
        unlock(
            self.client,
            by=self.agent,
            reason=approval.details["why"],
            ticket=approval.details["ticket"],
            check=self.check,
            approval=approval,
        )


def unlock_page(request: HttpRequest, client: User, base: dict[str, Any]) -> HttpResponse:
    """The page in each of its states.

    Args:
        request: of a member of staff.
        client: the client.
        base: what every page of the desk shows.

    Raises:
        PermissionDenied: not this person, or not for this client.
    """
    return _UnlockPage(_desk(request, client), base).answer()


def unlock_state(request: HttpRequest, client: User) -> HttpResponse:
    """What became of the request for approval: the part of the page that changes.

    Args:
        request: of a member of staff.
        client: the client.

    Raises:
        PermissionDenied: as for the page.
    """
    context = _desk(request, client).approval_context()
    return render(request, "admin/desk/approval_state.html", context)


def _desk(request: HttpRequest, client: User) -> UnlockDesk:
    agent = cast("User", request.user)
    # SECURITY: asked at every step; a right that was taken away meanwhile is gone.
    if not (agent.has_perm(UNLOCK) and may_act_on(agent, client)):
        refuse(request, client, UNLOCK_ACTION)
    return UnlockDesk(request, client)


class _UnlockPage(RiskyPage):
    """One answer of the page."""

    title = "Unlock the login"
    template = "accounts/user/unlock"
    desk: UnlockDesk

    def __init__(self, desk: UnlockDesk, base: dict[str, Any]) -> None:
        super().__init__(desk, base)
        self.locks = locks_of(desk.client)

    def answer(self) -> HttpResponse:
        """Only where there is something to unlock."""
        if not (self.locks and self.desk.client.is_active):
            return self._nothing(409 if self.request.method == "POST" else 200)
        return super().answer()

    def act(self, form: IdentityForm) -> HttpResponse:
        """Unlock on the agent's own evidence."""
        return self._unlocked(lambda: self.desk.unlock(form))

    def act_agreed(self) -> HttpResponse:
        """Unlock as it was approved."""
        return self._unlocked(self.desk.unlock_agreed)

    def _unlocked(self, unlock_it: Callable[[], None]) -> HttpResponse:
        try:
            unlock_it()
        except NotLockedError:
            return self._nothing(409)
        return self._done()

    def form_context(self) -> dict[str, Any]:
        """How it came to the lock."""
        return {"locks": self.locks, "failed": how_it_came(self.desk.client)}

    def _done(self) -> HttpResponse:
        client = self.desk.client
        told = "The client is told by e-mail." if client.email else "Tell the client yourself."
        messages.success(self.request, f"The login of {client.desk_name} is unlocked. {told}")
        return redirect("admin:accounts_user_change", client.pk)

    def _nothing(self, status: int) -> HttpResponse:
        events = SecurityEvent.objects.filter(user=self.desk.client, kind=Event.LOGIN_UNLOCKED)
        context = {"latest": events.select_related("actor").first()}
        return self.page("accounts/user/unlock_nothing", context, status)
