"""The portal's password rules as Django's validators, and the field for a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.password_rules import MAX_LENGTH, Weakness, normalise, weakness_of, words_of
from accounts.search import digits_of
from securelogin.conf import policy

_PHONE_DIGITS = 8
_WORDS = {
    Weakness.SHORT: (
        "Use at least {least} characters. More are better: a few words that have nothing to do "
        "with each other are easy to remember."
    ),
    Weakness.LONG: "A password has at most {most} characters. You entered {entered}.",
    Weakness.RUN: (
        "This password repeats a few characters or counts on in a row, so it is soon guessed. "
        "Choose another."
    ),
    Weakness.OWN_WORDS: (
        "Your name, username, email address and phone number, and our name, do not count in a "
        "password. Without them at least {least} characters have to remain."
    ),
}


class RulesValidator:
    """Length, runs, and words that everybody can know about the client."""

    def validate(self, password: str, user: Any = None) -> None:
        """Django's question.

        Raises:
            ValidationError: why it is refused, and what to do.
        """
        plain = normalise(password)
        least = policy().password_min_length
        weakness = weakness_of(plain, own_words(user), least=least)
        if weakness:
            words = _WORDS[weakness].format(least=least, most=MAX_LENGTH, entered=len(plain))
            raise ValidationError(words, code=weakness.value)

    def get_help_text(self) -> str:
        """The rule before it is broken."""
        return f"At least {policy().password_min_length} characters; spaces count."


class KnownPasswordsValidator(password_validation.CommonPasswordValidator):
    """Django's list of 20,000 passwords that were stolen and are used all over (ASVS 6.2.4)."""

    def get_error_message(self) -> str:
        """Why it is refused, and what to do."""
        return (
            "Many people use this password, so it is one of the first that a thief tries. "
            "Choose another."
        )


def own_words(user: Any) -> frozenset[str]:
    """What everybody can know about this client, and the portal's own name."""
    texts = [settings.BRAND["name"]]
    if isinstance(user, User):
        texts += [user.username, user.first_name, user.last_name, user.email, user.notify_email]
        # Without what people write in front of it or leave out.
        texts.append(digits_of(user.phone)[-_PHONE_DIGITS:])
    return words_of(texts)


class PasswordField(forms.CharField):
    """A password exactly as it is typed: not stripped, never cut off, pasting allowed.

    Args:
        autocomplete: ``current-password`` or ``new-password``, for password managers.
    """

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        """Normalised, so that its length is the one that counts."""
        return normalise(super().to_python(value) or "")
