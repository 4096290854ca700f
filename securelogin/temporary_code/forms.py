"""The second step with a Temporary Code, and the desk's form that issues one."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from securelogin.codes import Problem
from securelogin.conf import policy
from securelogin.desk.forms import IdentityForm, KeptWordsField
from securelogin.forms import AnswerForm, DigitsField
from securelogin.models import LoginDevice
from securelogin.temporary_code.issuing import Reason
from securelogin.verdict import Verdict

_PROBLEMS = {
    Problem.EMPTY: "Enter the Temporary Code you were given on the phone",
    Problem.NOT_DIGITS: "A Temporary Code has digits only. Take out everything else.",
    Problem.LENGTH: "A Temporary Code has {length} digits. You entered {entered}.",
}
_START_AGAIN = "This page was not complete. Load it again."


class TemporaryCodeForm(AnswerForm):
    """One field for the digits as they were written down."""

    field_name = "temporary_code"
    wrong = "That Temporary Code is not correct. Check it and try again."

    def __init__(self, device: LoginDevice, *args: Any, **kwargs: Any) -> None:
        super().__init__(device, *args, **kwargs)
        self.fields[self.field_name] = DigitsField(
            policy().code_digits,
            _PROBLEMS,
            label="Temporary Code",
            help_text="For example 123 456 789. Spaces do not matter.",
        )

    def words_for(self, device: LoginDevice) -> str:
        """Adds the code that a newer one replaced, and the key that is gone."""
        if device.verdict is Verdict.REPLACED:
            return "A newer Temporary Code was issued. Use the newest one."
        if device.verdict is Verdict.KEY_MISSING:
            return "This Temporary Code can no longer be checked. Call Client Services."
        return super().words_for(device)


class IssueForm(IdentityForm):
    """Who is calling, why the client needs a code, and which case it is."""

    reason = forms.TypedChoiceField(
        label="Why does the client need a Temporary Code?",
        choices=[(reason.value, reason.label) for reason in Reason],
        coerce=Reason,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why the client needs a Temporary Code"},
    )
    ticket = KeptWordsField(
        label="Ticket number",
        max_length=40,
        error_messages={"required": "Enter the ticket number of this case"},
    )
    note = KeptWordsField(
        label="Note (optional)",
        max_length=200,
        required=False,
        help_text="No personal secrets.",
    )
    # SECURITY: names the request, so that sending the form again never makes a second code.
    request_id = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid.uuid4,
        error_messages={"required": _START_AGAIN, "invalid": _START_AGAIN},
    )

    @property
    def reasons(self) -> list[tuple[forms.boundfield.BoundWidget, str]]:
        """The radio buttons, each with what follows from it."""
        return [
            (button, reason.consequence)
            for button, reason in zip(self["reason"], Reason, strict=True)
        ]


class RepeatForm(forms.Form):
    """One press of "Not understood"."""

    # SECURITY: as in `IssueForm`.
    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
