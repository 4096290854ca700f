"""What a browser sends for a passkey: read here, verified by the device."""

from __future__ import annotations

import json
import secrets
from collections.abc import MutableMapping
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils import timezone

from securelogin.forms import AnswerForm, NameField, attempts_left_after
from securelogin.lifecycle import Status
from securelogin.models import LoginDevice
from securelogin.passkey import ceremony
from securelogin.passkey.ceremony import Json
from securelogin.passkey.challenge import NONCE_BYTES, Asker, Purpose
from securelogin.passkey.models import Passkey
from securelogin.second_step import choice_of
from securelogin.verdict import Verdict

# The longest id has 1023 bytes; a whole answer is some two thousand characters.
LONGEST = 12_000
FIELD = "passkey"
# In the session: how many answers it has taken.
_ANSWERED = "passkey_answers"
_NOT_READ = "Your browser's answer could not be read. Try again."
_NO_ANSWER = (
    "Your browser did not ask for your passkey. Try again. That needs JavaScript: if it is "
    "switched off, use another way."
)
_LATE = "This page was out of date, nothing was wrong with your passkey. Try again."

Session = MutableMapping[str, Any]


class _AnswerInput(forms.HiddenInput):
    """Filled in by the script; never put back on the page."""

    def __init__(self) -> None:
        super().__init__(attrs={"data-passkey-answer": True})

    def format_value(self, value: Any) -> None:
        """An answer serves once."""
        return


class _AnswerField(forms.Field):
    """The JSON that ``navigator.credentials`` gave, checked for its shape."""

    challenge = ""

    def __init__(self, *, adding: bool) -> None:
        super().__init__(required=False, widget=_AnswerInput())
        self.adding = adding

    def clean(self, value: Any) -> str:
        """The text as it came.

        Raises:
            ValidationError: no browser sends this. Never counts as an attempt.
        """
        sent = str(value or "")
        if not sent:
            return ""
        try:
            if len(sent) > LONGEST:
                raise ceremony.UnreadableError
            self.challenge = ceremony.challenge_in(sent, adding=self.adding)
        except ceremony.UnreadableError:
            raise forms.ValidationError(_NOT_READ, code="unreadable") from None
        return sent


def asker(session: Session, purpose: Purpose) -> Asker:
    """The browser's session, as it stands now."""
    return Asker(
        settings.SECRET_KEY.encode(),
        getattr(session, "session_key", None) or "",
        session.get(_ANSWERED, 0),
        purpose,
    )


def new_challenge(session: Session, purpose: Purpose) -> str:
    """What a page of this browser asks to be signed."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return asker(session, purpose).challenge(timezone.now(), nonce)


def _take(form: forms.Form, session: Session, purpose: Purpose) -> str:
    """The challenge of an answer to what this browser was asked; it is not asked any more.

    Raises:
        ValidationError: nothing came, or it is the answer to something else. Nothing was
            compared then, and nothing is counted.
    """
    if not form.cleaned_data[FIELD]:
        raise forms.ValidationError(_NO_ANSWER, code="empty")
    challenge = cast("_AnswerField", form.fields[FIELD]).challenge
    asked = asker(session, purpose).asked(challenge, timezone.now())
    # SECURITY: any answer, right or wrong, is the last to what was asked before it.
    session[_ANSWERED] = session.get(_ANSWERED, 0) + 1
    if not asked:
        raise forms.ValidationError(_LATE, code="late")
    return challenge


class _WithoutField:
    """Errors of a field that nobody sees stand on top of the page."""

    def add_error(self, field: str | None, error: Any) -> None:
        """Beside no field."""
        super().add_error(None if field == FIELD else field, error)  # type: ignore[misc]


class PasskeyForm(_WithoutField, AnswerForm):
    """One hidden field; the script fills it in when the form is sent."""

    field_name = FIELD
    wrong = "Your passkey could not be confirmed. Try again, or use another way."

    def __init__(self, device: LoginDevice, *args: Any, **kwargs: Any) -> None:
        super().__init__(device, *args, **kwargs)
        self.fields[FIELD] = _AnswerField(adding=False)
        self._challenge = ""

    def clean(self) -> dict[str, Any]:
        """The answer is one to what this browser was asked just now.

        Raises:
            ValidationError: it is not.
        """
        data = super().clean() or {}
        # Beside a password that is missing the question stays open.
        if not self.errors:
            self._challenge = _take(self, self.session, Purpose.PROVE)
        return data

    @property
    def answer(self) -> str:
        """The answer with what it has to be an answer to."""
        return ceremony.answer_of(self.cleaned_data[FIELD], self._challenge)

    def words_for(self, device: LoginDevice) -> str:
        """SECURITY: one sentence for every refusal that looked at the answer."""
        if device.verdict is Verdict.REPLAYED:
            return self.wrong + attempts_left_after(device)
        return super().words_for(device)

    def context(self) -> dict[str, Any]:
        """The question to the browser, and which of the client's devices each passkey is."""
        rows = self._rows()
        have = [row.credential for row in rows]
        question: Json = {
            "publicKey": ceremony.to_prove(new_challenge(self.session, Purpose.PROVE), have),
            "choices": {
                row.credential.name: choice_of(row) for row in rows if row.pk != self.device.pk
            },
        }
        return {"passkey_question": json.dumps(question)}

    def _rows(self) -> list[Passkey]:
        """The passkeys that may answer here: any, but only itself where one is taken back."""
        asked = cast("Passkey", self.device)
        if asked.status is Status.ON_HOLD:
            return [asked]
        usable = Passkey.objects.of(asked.user).usable(timezone.now())
        return list(usable.latest_first())


class AddForm(_WithoutField, forms.Form):
    """A name, and the passkey that the browser made."""

    name = NameField()
    passkey = _AnswerField(adding=True)

    def __init__(self, session: Session, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session = session
        self.challenge = ""

    def clean(self) -> dict[str, Any]:
        """As `PasskeyForm.clean`.

        Raises:
            ValidationError: as there.
        """
        data = super().clean() or {}
        if not self.errors:
            self.challenge = _take(self, self.session, Purpose.ADD)
        return data
