"""What shared code knows of the Temporary Code."""

from __future__ import annotations

from securelogin.protection import Protection
from securelogin.registry import DeskAction, DeviceTypeConfig


class TemporaryCodeConfig(DeviceTypeConfig):
    """A code of digits, issued by the desk, that degrades by itself (KB69)."""

    default = True
    name = "securelogin.temporary_code"
    label = "temporary_code"
    verbose_name = "Temporary Codes"
    slug = "temporary-code"
    url_part = "temporary-code"
    model_name = "TemporaryCode"
    answer_form = "securelogin.temporary_code.forms.TemporaryCodeForm"
    protection = Protection.BASIC
    prompt_title = "Enter your Temporary Code"
    prompt_template = "securelogin/temporary_code/prompt.html"
    no_answer_label = "I do not have a code"
    ended_template = "securelogin/temporary_code/ended.html"
    desk_actions = (
        DeskAction(
            label="Issue Temporary Code",
            url_name="admin:temporary_code_issue",
            permission="temporary_code.issue_temporarycode",
        ),
    )
