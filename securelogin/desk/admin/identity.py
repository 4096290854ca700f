"""The block "Who is calling?" of a page: what its buttons do, and what is recorded of a call."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin.conf import policy
from securelogin.desk.forms import IdentityForm
from securelogin.desk.masking import masked_email, masked_phone
from securelogin.desk.models import IdentityCheck, NotSentError

if TYPE_CHECKING:
    from accounts.models import User


class IdentityDesk:
    """One agent, one client, one request.

    A page uses it like this; ``identity`` and ``form`` go to its template, which includes
    ``admin/desk/identity.html`` inside the form, before its own buttons::

        identity = IdentityDesk(request, client)
        if request.method != "POST":
            form = UnlockForm(check=identity.check, initial=proof.kept(request))
            return page(form)
        form = UnlockForm(request.POST, check=identity.check)
        if identity.handle(form) or not form.is_valid():
            return page(form, status=422 if form.errors else 200)
        if not proof.is_fresh(request):
            return proof.ask(request, keep=(*identity.KEEP, "reason"))
        identity.record(form)
        risks = identity.check.risks(now)  # none: the agent may act alone

    After the action: ``identity.check.close()``, in the action's transaction.

    Attributes:
        check: what this agent has established about this caller; not stored before a POST.
        number: the whole phone number, in the one answer to "Show number to dial".
        message: what a button could not do, and what to do instead.
    """

    # SECURITY: what may wait in the session for a fresh proof; never the check number.
    KEEP = ("called_back", "document", "document_seen", "pressure")

    def __init__(self, request: HttpRequest, client: User) -> None:
        self.agent = cast("User", request.user)
        self.client = client
        self.do = request.POST.get("do", "")
        self.number = ""
        self.message = ""
        now = timezone.now()
        found = IdentityCheck.objects.current(self.agent, client, now)
        self.check = found or IdentityCheck(agent=self.agent, client=client)
        self.check.agent, self.check.client = self.agent, client

    # What the buttons do ------------------------------------------------------------------

    def handle(self, form: IdentityForm) -> bool:
        """What one of the block's buttons asks for.

        A check number that was typed is compared whichever button was pressed, so that Enter
        in its field does what it looks like.

        Args:
            form: bound to the POST. Afterwards it holds the errors of the block's own buttons
                only; everything that was typed stays.

        Returns:
            Whether the page has to be shown again now, for the agent to go on.
        """
        action = {"show_number": self._show_number, "send_number": self._send_number}.get(self.do)
        if action is not None:
            self._note_pressure(form)
            form.keep_errors_of()
            action(form)
            return True
        typed = bool(form.data.get("check_number", "").strip())
        if self.do == "compare" or (typed and self.check.check_matched_at is None):
            self._note_pressure(form)
            return self._compare(form)
        return False

    def record(self, form: IdentityForm) -> None:
        """Store what was ticked; call it when the whole form is valid, before acting on it.

        Args:
            form: bound and valid.
        """
        self._note_pressure(form)
        data = form.cleaned_data
        self._start()
        if data["called_back"]:
            self.check.record_call_back()
        if data["document"]:
            self.check.record_document(data["document"], data["document_seen"])

    def _start(self) -> None:
        if self.check._state.adding:
            self.check = IdentityCheck.objects.start(self.agent, self.client)

    def _note_pressure(self, form: IdentityForm) -> None:
        # SECURITY: at the first sight of it, so that unticking it takes nothing back.
        if "pressure" not in form.errors and form.cleaned_data["pressure"]:
            self._start()
            self.check.note_pressure()

    def _show_number(self, form: IdentityForm) -> None:
        self._start()
        try:
            self.number = self.check.show_number()
        except NotSentError:
            self.message = "This number cannot be used for a call back. Use another proof."
        else:
            form.focus_on("called_back")

    def _send_number(self, form: IdentityForm) -> None:
        self._start()
        if self.check.check_matched_at:
            return
        if wait := self.check.send_wait:
            seconds = max(1, round(wait.total_seconds()))
            self.message = f"A check number was sent a moment ago. Wait {seconds} seconds."
            return
        try:
            self.check.send_number()
        except NotSentError:
            self.message = "The check number could not be sent. Use another proof."
        else:
            form.focus_on("check_number")

    @sensitive_variables()
    def _compare(self, form: IdentityForm) -> bool:
        pressed = self.do in {"compare", ""}
        entered = form.cleaned_data.get("check_number", "")
        problem = ""
        if "check_number" not in form.errors and self.check.check_matched_at is None:
            problem = self._compared(entered)
        if problem:
            form.add_error("check_number", problem)
        wrong = "check_number" in form.errors
        if pressed or wrong:
            form.keep_errors_of("check_number")
        return pressed or wrong

    @sensitive_variables()
    def _compared(self, entered: str) -> str:
        """Compares; returns what is wrong and what to do next, or nothing."""
        check = self.check
        if not entered:
            return "Enter the check number the caller read back"
        if check.check_number_spent:
            return f"{_SPENT} {_NEXT}"
        if check.check_sent_at is None:
            return "Send a check number first."
        if not check.check_is_open:
            return "This check number has expired. Send a new one."
        failures = check.check_failures
        if check.compare(entered):
            return ""
        if check.check_failures == failures:
            return "This check number can no longer be compared. Send a new one."
        left = policy().check_number_attempts - check.check_failures
        if not left:
            return f"That is not the number that was sent. {_SPENT} {_NEXT}"
        unit = "try" if left == 1 else "tries"
        return f"That is not the number that was sent. {left} {unit} left."

    # What the block shows -----------------------------------------------------------------

    @property
    def phone(self) -> str:
        """Masked; empty for none."""
        return masked_phone(self.client.phone)

    @property
    def email(self) -> str:
        """Masked; empty for none."""
        return masked_email(self.client.email)

    @property
    def phone_proves_from(self) -> datetime:
        """From when a call back to the number on file counts."""
        return self.client.phone_since + policy().contact_quiet

    @property
    def email_proves_from(self) -> datetime:
        """From when a check number to the address on file counts."""
        return self.client.email_since + policy().contact_quiet

    @property
    def check_ends_at(self) -> datetime | None:
        """Until when the check number that is out may be read back."""
        sent = self.check.check_sent_at
        return sent + policy().check_number_life if sent else None

    @property
    def others(self) -> list[IdentityCheck]:
        """The calls that other agents have with this client now."""
        return IdentityCheck.objects.of_others(self.agent, self.client, timezone.now())


_SPENT = "No other check number can be tried in this call."
_NEXT = "Use another proof, or ask for approval."
