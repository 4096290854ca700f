"""What shared code knows of the authenticator app."""

from __future__ import annotations

from securelogin.protection import Protection
from securelogin.registry import DeviceTypeConfig, Enrolment


class AuthenticatorAppConfig(DeviceTypeConfig):
    """One-time passwords from the time (RFC 6238, NIST SP 800-63B-4 3.1.4)."""

    default = True
    name = "securelogin.authenticator_app"
    label = "authenticator_app"
    verbose_name = "Authenticator app"
    slug = "authenticator-app"
    url_part = "app"
    model_name = "AuthenticatorApp"
    answer_form = "securelogin.authenticator_app.forms.AppCodeForm"
    protection = Protection.HIGH
    enrolment = Enrolment(
        url_name="securelogin:authenticator_app:start",
        label="Add an authenticator app",
        text=(
            "An app on your phone shows a new code every 30 seconds, and the login asks for it. "
            "It needs no network."
        ),
    )
    prompt_title = "Enter the code from your authenticator app"
    prompt_template = "securelogin/authenticator_app/prompt.html"
    no_answer_label = "I do not have my authenticator app"
