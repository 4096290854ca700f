"""Apps for tests: devices, and the phone that shows their codes, computed by another library."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.authenticator_app import rules
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.authenticator_app.provisioning import as_text
from tests import factories

START = "/settings/user/secure-login/app/"
SCAN = f"{START}scan/"
STEP = timedelta(seconds=30)
PROMPT = "Enter the code from your authenticator app"


def make_app(user: User, name: str = "") -> AuthenticatorApp:
    """An app of this client's, whose last code is older than any that serves."""
    apps = AuthenticatorApp.objects
    key = secrets.token_bytes(rules.KEY_BYTES)
    before = rules.step_at(timezone.now()) - 2
    row, added = apps.add(user, name=name, serial=apps.new_serial(), key=key, step=before)
    assert added
    return row


def key_text(app: AuthenticatorApp) -> str:
    """Its key as the phone was given it."""
    return as_text(app._key())


def code(app: AuthenticatorApp, steps: int = 0) -> str:
    """What the phone shows, so many half minutes from now."""
    return pyotp.TOTP(key_text(app)).at(timezone.now() + steps * STEP)


def unused_code(app: AuthenticatorApp) -> str:
    """What the phone shows, or will show next if that has served."""
    served = AuthenticatorApp.objects.get(pk=app.pk).accepted_step
    present = rules.step_at(timezone.now())
    return code(app, max(present, served + 1) - present)


def wrong_code(*right: str) -> str:
    """Six digits that are none of these."""
    return next(text for text in map("{:06}".format, range(1, 99)) if text not in right)


def sign_in(client: Client, user: User, answer: str) -> Any:
    """Both steps of a login."""
    return factories.sign_in(client, user, answer, "app_code")


def client_with_app(user: User, app: AuthenticatorApp) -> Client:
    """A browser logged in with it."""
    client = Client()
    assert sign_in(client, user, unused_code(app)).status_code == 302
    return client


def after_password(user: User) -> Client:
    """A browser between the password and the second step."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


class Phone:
    """An authenticator app that scanned the page."""

    def __init__(self, page: str) -> None:
        """Read the page.

        Args:
            page: the HTML of the page with the QR code.
        """
        found = re.search(r'href="(otpauth:[^"]+)"', page)
        assert found, page
        self.address = unescape(found[1])
        self.entry = pyotp.parse_uri(self.address)
        serial = re.search(r'name="serial" value="([^"]+)"', page)
        assert serial
        self.serial = serial[1]

    def code(self, steps: int = 0, clock: timedelta = timedelta()) -> str:
        """What it shows now, or so many half minutes later; its clock may be wrong."""
        assert isinstance(self.entry, pyotp.TOTP)
        return self.entry.at(timezone.now() + clock + steps * STEP)

    def form(self, code: str | None = None, **fields: str) -> dict[str, str]:
        """The form of the page, filled in."""
        return {"code": self.code() if code is None else code, "serial": self.serial, **fields}


def scan(client: Client) -> Phone:
    """Press the button, and scan what is shown."""
    assert client.post(START)["Location"] == SCAN
    shown = client.get(SCAN)
    assert shown.status_code == 200, shown
    return Phone(shown.content.decode())


def refused(client: Client, form: dict[str, str]) -> str:
    """The page that says no."""
    answer = client.post(SCAN, form)
    assert answer.status_code == 422
    assert not AuthenticatorApp.objects.exists()
    return answer.content.decode()
