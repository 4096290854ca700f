"""The labels of the base text, letter for letter: `test_labels.py` compares them."""

from __future__ import annotations

LOGIN = "Login"
TEMPORARY_CODE = "Temporary Code"
SETTINGS = "Settings"
USER_SETTINGS = "User Settings"
SECURITY = "Security"
SECURE_LOGIN_SYSTEM = "Secure Login System"
CONFIGURE = "Configure"
REQUEST = "Request Online (Temporary) Security Code Card"
PRINT = "Print"
CONTINUE = "Continue"
CARD_VALUES = "Card Values"
OK = "OK"
MANAGE_ACCOUNT = "Manage Account"
SECURITY_DEVICE = "Security Device"
