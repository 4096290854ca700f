"""The second step with an authenticator app, and the proof that one was added rightly."""

from __future__ import annotations

from typing import Any

from django import forms

from securelogin.authenticator_app.rules import DIGITS
from securelogin.codes import Problem
from securelogin.forms import AnswerForm, DigitsField, NameField, attempts_left_words
from securelogin.models import LoginDevice
from securelogin.verdict import Verdict

_PROBLEMS = {
    Problem.EMPTY: "Enter the six digits that your authenticator app shows",
    Problem.NOT_DIGITS: "The code has digits only. Take out everything else.",
    Problem.LENGTH: (
        "The code must have six digits. You entered {entered}. Count zeros at the start, too."
    ),
}


def _code_field() -> DigitsField:
    return DigitsField(
        DIGITS,
        _PROBLEMS,
        label="Code from the app",
        help_text="Six digits. Spaces do not matter.",
    )


class AppCodeForm(AnswerForm):
    """One field for the digits that the app shows now."""

    field_name = "app_code"
    wrong = (
        "That code is not correct. Enter the one that the app shows now, and check that the clock "
        "of your phone is set to automatic."
    )

    def __init__(self, device: LoginDevice, *args: Any, **kwargs: Any) -> None:
        super().__init__(device, *args, **kwargs)
        self.fields[self.field_name] = _code_field()

    def words_for(self, device: LoginDevice) -> str:
        """Adds the key that is gone."""
        if device.verdict is Verdict.KEY_MISSING:
            return "Codes of this app can no longer be checked. Call Client Services."
        return super().words_for(device)


class ProofForm(forms.Form):
    """The first code of an app, and what its owner calls it."""

    code = _code_field()
    name = NameField()
    # Which key the page showed; another tab may have begun with another one.
    serial = forms.CharField(required=False, widget=forms.HiddenInput)

    def explain_wrong(self, short_serial: str, left: int) -> None:
        """It is the code of another entry, or of no moment near this one."""
        words = (
            "That code is not correct. Enter the one that the app shows now for the device ending "
            f"{short_serial}. {attempts_left_words(left)}"
        )
        self.add_error("code", words)

    def explain_clock(self, minutes: int) -> None:
        """The key is right and the clock of the phone is not."""
        much = "1 minute" if abs(minutes) == 1 else f"{abs(minutes)} minutes"
        self.add_error(
            "code",
            f"The clock of your phone is wrong by about {much}: it is "
            f"{'fast' if minutes > 0 else 'slow'}. Set date and time to automatic on your phone, "
            "then enter a new code.",
        )

    def explain_other_key(self) -> None:
        """The page is older than the key that counts now."""
        self.add_error(
            None,
            "This page was out of date, and its QR code no longer counts. Remove what you added "
            "from your app, then scan the QR code that is shown now.",
        )
