"""What shared code knows of the Online Security Code Card."""

from __future__ import annotations

from securelogin.protection import Protection
from securelogin.registry import DeviceTypeConfig


class SecurityCardConfig(DeviceTypeConfig):
    """A look-up secret on paper or in a file, for 21 days (NIST SP 800-63B-4 3.1.2)."""

    default = True
    name = "securelogin.security_card"
    label = "security_card"
    verbose_name = "Online Security Code Cards"
    slug = "security-card"
    url_part = "card"
    model_name = "SecurityCard"
    answer_form = "securelogin.security_card.forms.CardValuesForm"
    protection = Protection.MEDIUM
    prompt_title = "Enter your Card Values"
    prompt_template = "securelogin/security_card/prompt.html"
    no_answer_label = "I do not have my card"
    ended_template = "securelogin/security_card/ended.html"
    list_section = "securelogin.security_card.views.section.list_section"

    def ready(self) -> None:
        """Register the check of the drawing's libraries."""
        from securelogin.security_card import checks  # noqa: F401 - needs the registry
