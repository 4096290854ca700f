"""The second step with a Temporary Code, and the desk's form that issues one."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from securelogin.codes import Problem
from securelogin.conf import policy
from securelogin.desk.forms import IdentityForm, KeptWordsField
from securelogin.desk.models import IdentityCheck
from securelogin.forms import AnswerForm, DigitsField
from securelogin.models import LoginDevice, devices_of
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


class _LostField(forms.MultipleChoiceField):
    """The own devices of one client that are lost."""

    def __init__(self, devices: list[LoginDevice]) -> None:
        """Offer those that nobody has ended.

        Args:
            devices: all of the client's own.
        """
        self.devices = [device for device in devices if device.ended_at is None]
        # One that ended since the page was made is no mistake of the agent's.
        self.known = {device.persistent_id for device in devices}
        super().__init__(
            label="Reason B only: which device is lost?",
            help_text=(
                "It is blocked for good. With reason A nothing is lost: what is ticked here is "
                "ignored."
            ),
            required=False,
            choices=[(device.persistent_id, device.title) for device in self.devices],
            widget=forms.CheckboxSelectMultiple,
            initial=[device.persistent_id for device in self.devices if len(self.devices) == 1],
        )

    def valid_value(self, value: str) -> bool:
        """Whether it is the client's."""
        return value in self.known


class IssueForm(IdentityForm):
    """Who is calling, why the client needs a code, what is lost, and which case it is."""

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

    def __init__(self, *args: Any, check: IdentityCheck, **kwargs: Any) -> None:
        """As `IdentityForm`, with the client's own devices."""
        super().__init__(*args, check=check, **kwargs)
        own = [device for device in devices_of(check.client) if not device.interim]
        self.fields["lost"] = self.lost = _LostField(own)

    def clean(self) -> dict[str, Any]:
        """With reason B something is lost; with reason A what is ticked goes nowhere."""
        data = super().clean()
        unnamed = self.lost.devices and data.get("lost") == []
        if data.get("reason") is Reason.LOST and unnamed:
            self.add_error("lost", "Choose which device is lost")
        return data

    @property
    def own_devices(self) -> list[tuple[forms.boundfield.BoundWidget, LoginDevice]]:
        """The boxes for what is lost, each with its device."""
        return list(zip(self["lost"], self.lost.devices, strict=True))

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
