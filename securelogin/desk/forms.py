"""What staff type and tick at the desk: the block "Who is calling?", and words that are kept.

The forms parse and explain. What they say is carried out by
`securelogin.desk.admin.identity.IdentityDesk`, which every page with that block uses.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html

from securelogin import codes
from securelogin.codes import Problem
from securelogin.conf import policy
from securelogin.desk.models import IdentityCheck
from securelogin.desk.sentences import is_invisible
from securelogin.forms import DigitsField


def validate_kept_words(text: str) -> None:
    """Words that stay in the timeline for ever: no code in them, and nothing invisible.

    Raises:
        ValidationError: something that looks like a Temporary Code, or characters that cannot
            be seen or turn the direction of the line.
    """
    if any(is_invisible(char) for char in text):
        raise ValidationError("Take out the characters that cannot be seen.", code="invisible")
    # SECURITY: an agent who pastes the code into a note would keep it where everybody reads.
    if codes.holds_code(text, policy().code_digits):
        raise ValidationError("Leave the code out. This text is kept.", code="code")


class KeptWordsField(forms.CharField):
    """One line of free text that is kept: a ticket, a note, a reason. Used by every desk form."""

    default_validators = [validate_kept_words]

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)


class _CheckNumberField(DigitsField):
    """Digits, or nothing: the caller may be proven in another way."""

    def clean(self, value: Any) -> str:
        """The digits alone; empty if nothing was typed."""
        return super().clean(value) if codes.clean(str(value or "")) else ""


_CHECK_NUMBER_PROBLEMS = {
    Problem.NOT_DIGITS: "A check number has digits only. Take out everything else.",
    Problem.LENGTH: "A check number has {length} digits. You entered {entered}.",
}


class IdentityForm(forms.Form):
    """The block "Who is calling?"; base of the forms of pages that have it.

    A page's form adds its own fields. In the template it is one ``<form>`` that includes
    ``admin/desk/identity.html``.
    """

    called_back = forms.BooleanField(required=False)
    document = forms.ChoiceField(
        label="Document",
        required=False,
        choices=[("", "None seen"), *IdentityCheck.Document.choices],
    )
    document_seen = forms.ChoiceField(
        label="Where you saw it",
        required=False,
        choices=IdentityCheck.SeenHow.choices,
        widget=forms.RadioSelect,
    )
    pressure = forms.BooleanField(
        label="The caller sounded under pressure, or was being told what to say",
        required=False,
    )

    def __init__(self, *args: Any, check: IdentityCheck, **kwargs: Any) -> None:
        """Bound to a call.

        Args:
            args: as of every form.
            check: `IdentityDesk.check`, stored or not yet.
            kwargs: as of every form.
        """
        super().__init__(*args, **kwargs)
        self.check = check
        name = check.client.get_full_name() or check.client.username
        self.fields["called_back"].label = format_html(
            "I called this number and <bdi>{}</bdi> answered", name
        )
        self.fields["check_number"] = field = _CheckNumberField(
            policy().check_number_digits,
            _CHECK_NUMBER_PROBLEMS,
            label="Check number the caller read back",
        )
        # It is another person's: the browser has nothing to offer.
        field.widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """A document is a kind and a place; a call back is one to the number that was shown."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("document") and not data.get("document_seen"):
            self.add_error("document_seen", "Choose where you saw the document")
        if data.get("document_seen") and not data.get("document"):
            self.add_error("document", "Choose which document you saw")
        if data.get("called_back") and not self._may_have_called():
            self.add_error(
                "called_back",
                "Press Show number to dial first. Only a call to the number on file counts.",
            )
        return data

    def _may_have_called(self) -> bool:
        return self.check.number_shown_at is not None and self.check.phone_proves

    def keep_errors_of(self, *names: str) -> None:
        """Forget what is wrong with all other fields: the page is not finished yet."""
        for name in set(self.errors) - set(names):
            del self.errors[name]

    def focus_on(self, name: str) -> None:
        """Put the caret into this field of the page that answers."""
        self.fields[name].widget.attrs["autofocus"] = True
