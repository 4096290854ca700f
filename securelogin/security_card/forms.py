"""Card Values: the one field of activation and of every sign-in with a card."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from securelogin import codes
from securelogin.codes import Problem
from securelogin.conf import policy
from securelogin.forms import AnswerForm, DigitsField, attempts_left_words
from securelogin.models import LoginDevice
from securelogin.security_card.challenge import ANSWER_DIGITS, is_index_numbers
from securelogin.security_card.models import Activation, SecurityCard
from securelogin.verdict import Verdict

_PROBLEMS = {
    Problem.EMPTY: "Enter the six digits from your card",
    Problem.NOT_DIGITS: "Card Values has digits only. Take out everything else.",
    Problem.LENGTH: (
        "Card Values must have six digits. You entered {entered}. "
        "Count zeros at the start: 007 is three digits."
    ),
}
_INDEX_NUMBERS = (
    "You entered the index numbers. Enter the three digits printed to the right of each "
    "index number."
)
_KEY_MISSING = "This card can no longer be checked. Call Client Services."


class CardValuesForm(AnswerForm):
    """Six digits: the value of the first index number, then of the second."""

    field_name = "card_values"

    def __init__(self, device: LoginDevice, *args: Any, **kwargs: Any) -> None:
        super().__init__(device, *args, **kwargs)
        self.card = cast("SecurityCard", device)
        self.pair = self.card.pair
        self.fields[self.field_name] = DigitsField(
            ANSWER_DIGITS, _PROBLEMS, label="Card Values", help_text=self._hint()
        )

    def _hint(self) -> str:
        if self.pair is None:
            return ""
        return (
            f"Six digits: first the three digits for {self.pair.first}, then the three digits "
            f"for {self.pair.second}, without spaces."
        )

    def add_error(self, field: str | None, error: Any) -> None:
        """Index numbers of fewer than six digits deserve their own words, not a count."""
        entered = codes.clean(self.data.get(self.add_prefix(self.field_name), ""))
        wrong_length = getattr(error, "code", None) == Problem.LENGTH
        if wrong_length and self.pair and is_index_numbers(self.pair, entered):
            error = forms.ValidationError(_INDEX_NUMBERS, code="index_numbers")
        super().add_error(field, error)

    @property
    def wrong(self) -> str:  # type: ignore[override]
        """What to check; never which half was wrong."""
        first = self.pair.first if self.pair else ""
        return (
            "Those digits do not match your card. Check that the serial ends with "
            f"{self.card.short_serial} and that the first three digits belong to index "
            f"number {first}."
        )

    def words_for(self, device: LoginDevice) -> str:
        """Adds the typed index numbers and the key that is gone."""
        if device.verdict is Verdict.INDEX_NUMBERS:
            return _INDEX_NUMBERS
        if device.verdict is Verdict.KEY_MISSING:
            return _KEY_MISSING
        return super().words_for(device)

    def explain_activation(self, outcome: Activation) -> None:
        """Write a refused activation beside the field, with the attempts left."""
        self.add_error(self.field_name, self._activation_words(outcome))

    def _activation_words(self, outcome: Activation) -> str:
        if outcome is Activation.INDEX_NUMBERS:
            return _INDEX_NUMBERS
        if outcome is Activation.KEY_MISSING:
            return _KEY_MISSING
        left = self.card.activation_attempts_left
        words = f"{self.wrong} {attempts_left_words(left)}"
        if left == 1:
            words += " After that this card is cancelled and you can request a new one."
        return words

    def context(self) -> dict[str, Any]:
        """The pair, and the sign-ins left once they are few."""
        left = self.card.logins_left
        few = left <= max(policy().logins_left_warnings, default=0)
        return {"pair": self.pair, "logins_left": left if few else None}
