"""The password step, contact data, and the layout choice."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.new_addresses import NewAddress
from accounts.password_rules import MAX_LENGTH
from accounts.password_throttle import PasswordThrottle
from accounts.passwords import PasswordField
from securelogin import second_step
from securelogin.forms import AnswerForm
from securelogin.models import LoginDevice

# Longer waits are said in hours.
_MINUTES_SAID = 120


def username_field() -> forms.CharField:
    """A user name, as people type it."""
    return forms.CharField(
        label="Username",
        max_length=150,
        error_messages={"required": "Enter your username"},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "autocorrect": "off",
                "spellcheck": "false",
            }
        ),
    )


def password_field() -> PasswordField:
    """The person's own password, asked for at the login and again inside."""
    return PasswordField(
        label="Password",
        autocomplete="current-password",
        max_length=MAX_LENGTH,
        error_messages={"required": "Enter your password"},
    )


def paused_words(until: datetime) -> str:
    """The refusal while a password is not looked at.

    Args:
        until: the end of the pause, aware.
    """
    minutes = max(1, math.ceil((until - timezone.now()) / timedelta(minutes=1)))
    wait = f"{minutes} minute{'' if minutes == 1 else 's'}"
    if minutes > _MINUTES_SAID:
        wait = f"{math.ceil(minutes / 60)} hours"
    return (
        f"Too many attempts. Wait {wait}, then try again. If you did not do this, call Client "
        f"Services on {settings.BRAND['phone']}."
    )


class LoginForm(forms.Form):
    """User name and password. The same words and the same work whether the user exists."""

    username = username_field()
    password = password_field()
    next = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Ask the password, unless this user name or network has to wait.

        Raises:
            ValidationError: one neutral sentence.
        """
        data = super().clean() or {}
        # An address that cannot be kept is forgotten: it must not stop a login.
        if self.errors.pop("next", None):
            data["next"] = ""
        username, password = data.get("username"), data.get("password")
        if not username or not password:
            return data
        username = username.strip().lower()
        throttle = PasswordThrottle(self.request, username)
        # SECURITY: refused unseen while it is paused, so a pause tells nothing of the password.
        if until := throttle.paused_until:
            raise forms.ValidationError(paused_words(until), code="paused")
        # Django hashes for unknown user names too, so the work is the same.
        user = authenticate(self.request, username=username, password=password)
        if not isinstance(user, User):
            throttle.refused()
            raise forms.ValidationError(
                "Your username or password is not correct. Check both and try again.",
                code="refused",
            )
        throttle.accepted(user)
        self.user = user
        return data


def proof_form(request: HttpRequest, device: LoginDevice) -> AnswerForm:
    """The form of a device's answer with the password above it: one form, one refusal."""
    form = second_step.form_of(request, device)
    form.fields = {"password": password_field(), **form.fields}
    return form


class LayoutForm(forms.Form):
    """Standard or classic menu."""

    layout = forms.ChoiceField(label="Menu", choices=User.Layout.choices, widget=forms.RadioSelect)


class ContactForm(forms.Form):
    """Where the client can be reached."""

    email = forms.EmailField(
        label="Email address",
        max_length=254,
        error_messages={
            "required": "Enter an email address",
            "invalid": "Enter an email address, for example name@mail.example",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    notify_email = forms.EmailField(
        label="Second email address (optional)",
        max_length=254,
        required=False,
        help_text=(
            "Whatever happens to your login is told to both addresses, so nobody who reads one of "
            "them can keep it from you."
        ),
        error_messages={"invalid": "Enter an email address, for example name@mail.example"},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phone = forms.RegexField(
        r"^\+?[0-9][0-9 ()/.-]{4,30}$",
        label="Phone number",
        required=False,
        help_text="With the country code, for example +41 44 555 01 01.",
        error_messages={
            "invalid": "Enter a phone number, for example +41 44 555 01 01",
        },
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Two mailboxes, once everything that waits is confirmed."""
        data = super().clean() or {}
        will_be = {name: data.get(name, "") for name in NewAddress.Which.values}
        for row in NewAddress.objects.waiting(self.user):
            # An address that is left as it is on file gives way to the one that waits for it.
            if will_be[row.which] and will_be[row.which] == getattr(self.user, row.which):
                will_be[row.which] = row.address
        first, second = (address.casefold() for address in will_be.values())
        if second and first == second:
            self.add_error(
                "notify_email", "Enter another address than the first, or leave it empty"
            )
        return data
