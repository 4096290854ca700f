"""Forms that parse what a person typed and explain what is wrong with it.

They never verify: the device does, under a row lock, as the last thing. Its verdict comes
back through `AnswerForm.explain`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from django import forms

from securelogin import codes
from securelogin.codes import Problem
from securelogin.conf import policy
from securelogin.models import LoginDevice
from securelogin.permanent import NAME_LENGTH
from securelogin.verdict import COUNTED, Verdict

# Verdicts that are the same whether or not the answer, or a password beside it, was right.
_NEVER_TELLING = frozenset(
    {Verdict.WAIT, Verdict.OUTDATED, Verdict.INDEX_NUMBERS, Verdict.KEY_MISSING}
)


class DigitsField(forms.CharField):
    """Digits as people type them; the entry stays on the page as it was typed.

    One plain text field: no maxlength (it cuts a pasted ``123 456``), no number type (it
    empties ``123-456``), no pattern, so that the server can say what is wrong.
    """

    def __init__(self, length: int, messages: dict[Problem, str], **kwargs: Any) -> None:
        widget = forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "autocapitalize": "off",
                "autocorrect": "off",
                "spellcheck": "false",
                "class": "code",
            }
        )
        super().__init__(required=False, strip=False, widget=widget, **kwargs)
        self.length = length
        self.problems = messages

    def clean(self, value: Any) -> str:
        """The digits alone.

        Raises:
            ValidationError: the text cannot be a code. Never counts as an attempt.
        """
        cleaned = codes.clean(str(super().clean(value)))
        problem = codes.problem_of(cleaned, self.length)
        if problem:
            raise forms.ValidationError(
                self.problems[problem].format(length=self.length, entered=len(cleaned)),
                code=problem.value,
            )
        return cleaned


class AnswerForm(forms.Form):
    """Base of the second step's form of each type: one field, named by the type."""

    # The only field; also what a refusal is written beside.
    field_name: str
    wrong: str

    def __init__(
        self,
        device: LoginDevice,
        *args: Any,
        session: MutableMapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Ask one device.

        Args:
            device: the device.
            args: Django's.
            session: of the browser, for a question that belongs to one browser alone.
            kwargs: Django's.
        """
        super().__init__(*args, **kwargs)
        self.device = device
        self.session: MutableMapping[str, Any] = {} if session is None else session

    @property
    def answer(self) -> str:
        """The digits, once the form is valid."""
        return str(self.cleaned_data[self.field_name])

    def explain(self, device: LoginDevice) -> None:
        """Write the device's refusal beside the field, in words that say what to do next."""
        self.add_error(self.field_name, self.words_for(device))

    def explain_both(self, device: LoginDevice) -> None:
        """Write the refusal of an answer that was given together with a password.

        SECURITY: what could tell which of the two was wrong has one sentence, beside neither.
        """
        if device.verdict in _NEVER_TELLING:
            self.explain(device)
            return
        words = "Your password or your answer is not correct. Check both and try again."
        self.add_error(None, words + attempts_left_after(device))

    def words_for(self, device: LoginDevice) -> str:
        """The sentence for a refusal; a type adds its own verdicts."""
        if device.verdict is Verdict.WAIT:
            seconds = device.wait_seconds
            unit = "second" if seconds == 1 else "seconds"
            return f"Too many attempts. Wait {seconds} {unit}, then try again."
        if device.verdict is Verdict.OUTDATED:
            return (
                "The question of that page was answered already, perhaps in another window. "
                "Answer the one that is asked now."
            )
        if device.verdict is Verdict.REPLAYED:
            return (
                "That code has been used already. Wait for the next one and enter that. If it was "
                "not you who used it, call Client Services."
            )
        return self.wrong + attempts_left_after(device)

    def context(self) -> dict[str, Any]:
        """What the type's prompt shows beside the field."""
        return {}


class NameField(forms.CharField):
    """What a client calls a device: optional, one line, nothing that misleads a reader."""

    def __init__(self) -> None:
        super().__init__(
            label="Name (optional)",
            required=False,
            max_length=NAME_LENGTH,
            help_text="For example: my phone. It helps you to tell your devices apart.",
            error_messages={"max_length": f"Use at most {NAME_LENGTH} characters"},
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def clean(self, value: Any) -> str:
        """The name without invisible characters, spaces once."""
        visible = "".join(char if char.isprintable() else " " for char in str(value or ""))
        return str(super().clean(" ".join(visible.split())))


class RenameForm(forms.Form):
    """One name."""

    name = NameField()


def attempts_left_after(device: LoginDevice) -> str:
    """How many attempts a counted refusal left, to stand behind it; empty while they are many."""
    left = device.attempts_left
    used = policy().factor_attempts - left
    shown = device.verdict in COUNTED and used >= policy().attempts_shown_from
    return f" {attempts_left_words(left)}" if shown else ""


def attempts_left_words(left: int) -> str:
    """``You have 4 attempts left.``"""
    return f"You have {left} attempt{'' if left == 1 else 's'} left."
