"""Adding an authenticator app: in a session, and as the first device."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import zxingcpp
from django.core import mail
from django.test import Client
from PIL import Image, ImageDraw
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from securelogin.authenticator_app.enrolling import SESSION_KEY
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.protection import Protection
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.authenticator_app.apps import SCAN, START
from tests.securelogin.clock import Clock
from tests.securelogin.contract import binary_forms, is_inside
from tests.security.traces import database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def qr_code_on(page: str) -> str:
    """What a camera reads on the page."""
    size = int(re.findall(r'aria-label="QR code[^>]+viewBox="0 0 (\d+) ', page)[0])
    image = Image.new("L", (size * 4, size * 4), 255)
    draw = ImageDraw.Draw(image)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", page):
        draw.rectangle((int(x) * 4, int(y) * 4, int(x) * 4 + 3, int(y) * 4 + 3), fill=0)
    return str(zxingcpp.read_barcodes(image)[0].text)


def test_in_a_session_it_is_added_by_one_code(
    jane: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = factories.client_with_code(jane)
    assert "What you need" in client.get(START).content.decode()
    phone = apps.scan(client)
    key_before = client.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(SCAN, phone.form(name="  My  phone "))
    app = AuthenticatorApp.objects.get()
    assert done["Location"] == f"/settings/user/secure-login/added/authenticator-app/{app.pk}/"
    assert "Authenticator app My phone" in client.get(done["Location"]).content.decode()
    assert (app.user, app.name, app.serial) == (jane, "My phone", phone.serial)
    assert (app.status, app.confirmed) == (Status.ACTIVE, True)
    assert app.protection is Protection.HIGH
    # The session goes on with it, under a new key, and nothing can show its key again.
    assert client.session.session_key != key_before
    assert SESSION_KEY not in client.session
    assert is_inside(client)
    assert client.get(SCAN)["Location"] == START
    assert jane.temporarycodes.get().end_reason == EndReason.REPLACED
    assert [message.subject for message in mail.outbox] == [
        "A security device was added to your login"
    ]
    [event] = SecurityEvent.objects.filter(kind=Event.DEVICE_ACTIVATED)
    assert (event.user, event.actor, event.device) == (jane, jane, app.persistent_id)


def test_as_the_first_device_it_logs_in(jane: User) -> None:
    client = apps.after_password(jane)
    assert START in client.get("/login/first-device/").content.decode()
    phone = apps.scan(client)
    assert not is_inside(client)
    done = client.post(SCAN, phone.form())
    app = AuthenticatorApp.objects.get()
    assert is_inside(client)
    assert client.get(done["Location"]).status_code == 200
    assert app.short_serial in phone.address
    assert SecurityEvent.objects.filter(kind=Event.SIGN_IN_COMPLETED).count() == 1


def test_the_code_that_proved_it_does_not_serve_again(jane: User, clock: Clock) -> None:
    client = apps.after_password(jane)
    phone = apps.scan(client)
    client.post(SCAN, phone.form())
    assert apps.sign_in(Client(), jane, phone.code()).status_code == 422
    clock.shift(apps.STEP)
    assert apps.sign_in(Client(), jane, phone.code()).status_code == 302


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_that_is_a_little_off_is_taken(jane: User, steps: int) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    assert client.post(SCAN, phone.form(phone.code(steps))).status_code == 302


def test_the_page_shows_one_key_in_three_ways(jane: User) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    page = client.get(SCAN).content.decode()
    assert qr_code_on(page) == phone.address
    assert (phone.entry.issuer, phone.entry.name) == (
        "Example Brokerage",
        f"Device ending {phone.serial[-4:]}",
    )
    text = phone.entry.secret
    assert f'readonly value="{text}"' in page
    groups = " ".join(text[at : at + 4] for at in range(0, 32, 4))
    assert f'<p class="serial">{groups}</p>' in page
    assert phone.entry.name in page
    # What is shown for a phone never says whose login it is.
    assert jane.username not in unescape(phone.address)
    assert 'role="img" aria-label="QR code' in page
    assert "style=" not in page


def test_until_it_is_proven_nothing_is_stored_but_an_encrypted_key(jane: User) -> None:
    client = apps.after_password(jane)
    phone = apps.scan(client)
    assert client.post(SCAN, phone.form(apps.wrong_code(phone.code()))).status_code == 422
    assert not AuthenticatorApp.objects.exists()
    assert not SecurityEvent.objects.filter(kind=Event.DEVICE_ACTIVATED).exists()
    rows = database()
    key = phone.entry.byte_secret()
    for written in [phone.entry.secret, phone.address, *binary_forms(key)]:
        assert written not in rows
    assert client.session[SESSION_KEY]["serial"] == phone.serial


def test_the_page_is_kept_by_nobody(jane: User) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    for answer in (client.get(SCAN), client.post(SCAN, phone.form("000"))):
        assert "no-store" in answer["Cache-Control"]
        assert phone.entry.secret not in repr(answer.headers)


def test_looking_makes_no_key(jane: User) -> None:
    client = factories.client_with_code(jane)
    assert client.get(START).status_code == 200
    assert client.get(SCAN)["Location"] == START
    assert SESSION_KEY not in client.session


def test_logging_out_forgets_the_key(jane: User, clock: Clock) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    client.post("/logout/")
    clock.shift(timedelta(minutes=1))
    _row, digits = factories.make_code(jane)
    factories.sign_in(client, jane, digits)
    assert client.get(SCAN)["Location"] == START
    assert apps.scan(client).entry.secret != phone.entry.secret
