"""The labels are those of the base text, letter for letter."""

from __future__ import annotations

import pytest

from tests.browser import labels

# Sentences of the base text ("How to obtain an Online Security Code Card"), as they stand there.
BASE_TEXT = """
2. Click on Login
3. Enter your credentials and click on Login. Enter the Temporary Code you received from IBKR Client Services to complete the authentication and click again on Login
4. From the left side menu, click on Settings > User Settings. Then, within the Security box, click on the wheel(Configure) icon next to Secure Login System
5. The system will list all the security devices currently active for your user. Below the list, click on the button Request Online (Temporary) Security Code Card
6. Your Online Security Card will be displayed. Click on Print
7. Please make sure the card has been printed correctly in all its parts and it is clearly readable. Then click on Continue
8. Two index numbers will appear on the activation screen. Locate the first index number on your card and enter the correspondent three digits code into the Card Values field.
9. You will see a confirmation message stating the expiration date of the card. Click on OK to finalize the procedure
1. If you use the Classic Account Management, click on the top menu Manage Account > Security > Secure Login System > Security Device
"""  # noqa: E501 - quoted


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("Click on {}\n3.", labels.LOGIN),
        ("Enter the {} you received", labels.TEMPORARY_CODE),
        ("From the left side menu, click on {} >", labels.SETTINGS),
        ("> {}. Then,", labels.USER_SETTINGS),
        ("within the {} box", labels.SECURITY),
        ("click on the wheel({}) icon", labels.CONFIGURE),
        ("icon next to {}\n", labels.SECURE_LOGIN_SYSTEM),
        ("click on the button {}\n", labels.REQUEST),
        ("will be displayed. Click on {}\n", labels.PRINT),
        ("clearly readable. Then click on {}\n", labels.CONTINUE),
        ("code into the {} field", labels.CARD_VALUES),
        ("Click on {} to finalize", labels.OK),
        ("click on the top menu {} >", labels.MANAGE_ACCOUNT),
        ("> {}\n", labels.SECURITY_DEVICE),
    ],
)
def test_a_label_is_the_one_of_the_base_text(words: str, label: str) -> None:
    assert words.format(label) in BASE_TEXT
