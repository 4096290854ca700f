"""What pages of risky actions share: who is calling, and whether a second person agreed.

Such a page is a `RiskyDesk`, which knows the action, and a `RiskyPage`, which answers. The steps
are the same for all of them, so that none can be left out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import proof
from securelogin.conf import policy
from securelogin.desk import requests
from securelogin.desk.admin.identity import IdentityDesk
from securelogin.desk.forms import IdentityForm
from securelogin.desk.models import Approval, ApprovalOverError, IdentityCheck
from securelogin.desk.rules import NO_EVIDENCE, ApprovalState, Risk
from securelogin.desk.warrant import ApprovalNeededError

if TYPE_CHECKING:
    from accounts.models import User

# What the agent's button asks for when a second person has to agree.
ASK = "ask"


class RiskyDesk(ABC):
    """One request to the page of one risky action of one agent for one client.

    Attributes:
        action: what its requests for approval are about, and what its own button sends.
        label: the words on the button that does it.
        url_name: of the page, reversed with the client's primary key.
        state_url_name: of the part of it that tells what became of a request.
        form_class: of the page; it has a ``request_id``.
        kept: names of the form's own fields that may wait in the session for a fresh proof.
            SECURITY: none that holds a secret.
        kept_lists: the same, of fields that have several boxes to tick.
        identity: the block "Who is calling?".
        approval: the agent's latest request for this client, while the page still speaks of it.
        typed: what was typed before a fresh proof was asked for; empty if it was not.
    """

    action: ClassVar[str]
    label: ClassVar[str]
    url_name: ClassVar[str]
    state_url_name: ClassVar[str]
    form_class: ClassVar[type[IdentityForm]]
    kept: ClassVar[tuple[str, ...]]
    kept_lists: ClassVar[tuple[str, ...]] = ()

    def __init__(self, request: HttpRequest, client: User) -> None:
        self.request = request
        self.client = client
        self.agent = cast("User", request.user)
        self.now = timezone.now()
        self.identity = IdentityDesk(request, client)
        self.approval = self._latest()
        self.typed = {} if request.method == "POST" else proof.kept(request)

    @abstractmethod
    def all_risks(self) -> list[Risk]:
        """Why a second person has to agree now, missing evidence included."""

    @abstractmethod
    def details_of(self, entries: Mapping[str, Any]) -> dict[str, str]:
        """What exactly is to be done, as a second person approves it.

        Args:
            entries: the form's, cleaned.
        """

    @abstractmethod
    def entries_of(self, details: Mapping[str, str]) -> dict[str, Any]:
        """The form's entries that say the same: the other way round."""

    def form(self) -> IdentityForm:
        """The form: bound to a POST, or with what was typed before."""
        if self.request.method == "POST":
            return self.form_class(self.request.POST, check=self.identity.check)
        asked = self.entries_of(self.approval.details) if self.approval else {}
        return self.form_class(check=self.identity.check, initial=asked | self.typed)

    def risks(self) -> list[Risk]:
        """Why a second person has to agree, whatever else is established in this call."""
        return [risk for risk in self.all_risks() if risk != NO_EVIDENCE]

    @property
    def check(self) -> IdentityCheck | None:
        """What was established about the caller; None before anything was."""
        return self.identity.check if self.identity.check.pk else None

    def ask(self, form: IdentityForm) -> Approval:
        """Ask a second person for what the form says.

        Args:
            form: valid.
        """
        return Approval.objects.ask(
            self.action,
            self.client,
            requester=self.agent,
            check=self.check,
            risks=self.all_risks(),
            details=self.details_of(form.cleaned_data),
            request_id=form.cleaned_data["request_id"],
        )

    def agreed(self) -> Approval:
        """The request whose button was pressed; what it says is done, nothing else.

        Raises:
            ApprovalOverError: the page shows another request by now, or none.
        """
        # SECURITY: of what was posted only the number counts, and only for the latest request.
        if self.approval is None or self.request.POST.get("approval") != str(self.approval.pk):
            raise ApprovalOverError(ApprovalState.EXPIRED)
        return self.approval

    def approval_context(self) -> dict[str, Any]:
        """What a page shows of the request for approval; empty without one."""
        if self.approval is None:
            return {}
        return {
            "approval": self.approval,
            "state": self.approval.state.value,
            "minutes": self.approval.minutes_left,
            "what": requests.what(self.approval),
            "details": requests.details(self.approval),
            "page_url": reverse(self.url_name, args=[self.client.pk]),
            "state_url": reverse(self.state_url_name, args=[self.client.pk]),
            "action_label": self.label,
        }

    def _latest(self) -> Approval | None:
        found = Approval.objects.latest_of(self.agent, self.client, self.action)
        if found is None or self.now >= found.expires_at + policy().approval_life:
            return None
        found.client, found.requester = self.client, self.agent
        return found


class RiskyPage(ABC):
    """One answer of such a page.

    Attributes:
        title: its heading.
        template: of the form, without the beginning and the ending all have.
    """

    title: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, desk: RiskyDesk, base: dict[str, Any]) -> None:
        """For one request.

        Args:
            desk: the action.
            base: what every page of the desk shows.
        """
        self.desk, self.base, self.request = desk, base, desk.request

    @abstractmethod
    def act(self, form: IdentityForm) -> HttpResponse:
        """Do it on the agent's own evidence.

        Args:
            form: valid.

        Raises:
            ApprovalNeededError: a second person has to agree.
        """

    @abstractmethod
    def act_agreed(self) -> HttpResponse:
        """Do what `RiskyDesk.agreed` returns, and nothing else.

        Raises:
            ApprovalNeededError: something is new since it was agreed.
            ApprovalOverError: it is not agreed, was used, or has expired.
        """

    def form_context(self) -> dict[str, Any]:
        """What the form's page shows beside the form."""
        return {}

    @sensitive_variables()
    def answer(self) -> HttpResponse:
        """Shows the form or what became of a request, asks, or acts."""
        desk = self.desk
        if self.request.method != "POST":
            again = desk.approval is None or desk.typed or "again" in self.request.GET
            return self.form_page(desk.form()) if again else self.waiting_page()
        if "approval" in self.request.POST:
            return self._carry_out()
        form = desk.form()
        if desk.identity.handle(form) or not form.is_valid():
            return self.form_page(form)
        if desk.identity.do not in {desk.action, ASK}:
            # Enter in a field: never the final action.
            return self.form_page(form, complete=True)
        if not proof.is_fresh(self.request):
            keep = (*IdentityDesk.KEEP, *desk.kept)
            return proof.ask(self.request, keep, keep_lists=desk.kept_lists)
        desk.identity.record(form)
        if desk.identity.do == ASK:
            desk.ask(form)
            return redirect(self.request.path)
        try:
            return self.act(form)
        except ApprovalNeededError as needed:
            for risk in needed.risks:
                form.add_error(None, _what_helps(risk))
            return self.form_page(form)

    @sensitive_variables()
    def _carry_out(self) -> HttpResponse:
        if not proof.is_fresh(self.request):
            return proof.ask(self.request)
        try:
            return self.act_agreed()
        except ApprovalOverError:
            if self.desk.approval is None:
                return redirect(self.request.path)
            self.desk.approval.refresh_from_db()
            return self.waiting_page(status=409)
        except ApprovalNeededError as needed:
            return self.waiting_page(status=409, new_risks=needed.risks)

    def form_page(self, form: IdentityForm, *, complete: bool = False) -> HttpResponse:
        """The form.

        Args:
            form: with its errors, if there are any.
            complete: all is filled in; only the button is left.
        """
        context = {
            "form": form,
            "identity": self.desk.identity,
            "risks": self.desk.risks(),
            "may_ask": bool(form.non_field_errors()),
            "problems_at": "who",
            "action": self.desk.action,
            "action_label": self.desk.label,
            "complete": complete,
            **self.form_context(),
        }
        return self.page(self.template, context, 422 if form.errors else 200)

    def waiting_page(
        self, *, status: int = 200, new_risks: list[Risk] | None = None
    ) -> HttpResponse:
        """What became of the request for approval.

        Args:
            status: of the answer.
            new_risks: why it was not enough.
        """
        context = {"new_risks": new_risks, **self.desk.approval_context()}
        return self.page("desk/waiting", context, status)

    @sensitive_variables()
    def page(self, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """A page of this desk.

        Args:
            name: of the template below ``admin/``, without the ending.
            context: what it shows beside title and client.
            status: of the answer.
        """
        own = {"title": self.title, "client": self.desk.client, **context}
        return render(self.request, f"admin/{name}.html", {**self.base, **own}, status=status)


def _what_helps(risk: Risk) -> str:
    """A risk, and what the agent can do about it in this call."""
    if risk == NO_EVIDENCE:
        return f"{risk.words} Do one of the proofs in block 1, or ask for approval."
    return f"{risk.words} A second person has to agree: ask for approval."
