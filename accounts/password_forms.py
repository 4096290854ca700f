"""Forms around a password: a new one, and the two questions before a forgotten one is replaced."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.views.decorators.debug import sensitive_variables

from accounts.forms import username_field
from accounts.models import User
from accounts.passwords import PasswordField
from securelogin.codes import Problem
from securelogin.conf import policy
from securelogin.forms import DigitsField

_NUMBER_PROBLEMS = {
    Problem.EMPTY: "Enter the number from our email",
    Problem.NOT_DIGITS: "The number has digits only. Take out everything else.",
    Problem.LENGTH: "The number has {length} digits. You entered {entered}.",
}


class NewPasswordForm(forms.Form):
    """A new password. With a script it can be looked at; without one it is typed twice."""

    password = PasswordField(
        label="New password",
        autocomplete="new-password",
        error_messages={"required": "Enter a new password"},
    )
    # Stands on the page only where no script can show what was typed.
    repeat = PasswordField(label="New password again", autocomplete="new-password", required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    @sensitive_variables()
    def clean_password(self) -> str:
        """The password, if the rules let it pass.

        Raises:
            ValidationError: each rule that it breaks, with what to do.
        """
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    @sensitive_variables()
    def clean_repeat(self) -> str:
        """Typed again, and the same.

        Raises:
            ValidationError: it is another one.
        """
        repeat: str = self.cleaned_data["repeat"]
        first = self.cleaned_data.get("password")
        if "repeat" in self.data and first and repeat != first:
            raise forms.ValidationError("The two passwords are not the same. Type both again.")
        return repeat


class ForgottenForm(forms.Form):
    """Whose password it is. Any name is taken: nothing tells whether it exists."""

    username = username_field()


class NumberForm(forms.Form):
    """The number from the e-mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"] = DigitsField(
            policy().check_number_digits,
            _NUMBER_PROBLEMS,
            label="Number from our email",
            help_text="For example 123 456. Spaces do not matter.",
        )
