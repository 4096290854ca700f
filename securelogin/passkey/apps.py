"""What shared code knows of the passkey."""

from __future__ import annotations

from securelogin.protection import Protection
from securelogin.registry import DeviceTypeConfig, Enrolment


class PasskeyConfig(DeviceTypeConfig):
    """A WebAuthn credential: nothing to type, and worthless to a false site (63B-4 3.2.5)."""

    default = True
    name = "securelogin.passkey"
    label = "passkey"
    verbose_name = "Passkey"
    slug = "passkey"
    url_part = "passkey"
    model_name = "Passkey"
    answer_form = "securelogin.passkey.forms.PasskeyForm"
    protection = Protection.HIGHEST
    needs_no_typing = True
    enrolment = Enrolment(
        url_name="securelogin:passkey:add",
        label="Add a passkey",
        text=(
            "Your phone, computer or security key confirms that it is you, with your fingerprint, "
            "face or PIN. Nothing to type, and a false website cannot use it."
        ),
    )
    prompt_title = "Confirm with your passkey"
    prompt_template = "securelogin/passkey/prompt.html"
    no_answer_label = "I do not have my passkey"
    list_section = "securelogin.passkey.views.list_section"

    def ready(self) -> None:
        """Register the check of the site's name."""
        from securelogin.passkey import checks  # noqa: F401 - needs the registry
