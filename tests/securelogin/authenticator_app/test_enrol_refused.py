"""Adding an authenticator app that goes wrong: by mistake, by time, by two tabs, by a stranger."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.authenticator_app.enrolling import SESSION_KEY
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.lifecycle import EndReason
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.authenticator_app.apps import SCAN, START, Phone, refused
from tests.securelogin.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NEW_KEY = ("new", bytes(range(130, 162)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the six digits that your authenticator app shows"),
        ("12345x", "The code has digits only. Take out everything else."),
        ("12345", "The code must have six digits. You entered 5. Count zeros at the start, too."),
    ],
)
def test_a_format_error_is_explained_and_costs_nothing(jane: User, typed: str, said: str) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    for _ in range(7):
        page = refused(client, phone.form(typed, name="My phone"))
    assert page.count(said) == 2, "in the summary and at the field"
    assert 'value="My phone"' in page
    assert Phone(page).address == phone.address
    spaced = f" {phone.code()[:3]}\u00a0{phone.code()[3:]} "
    assert client.post(SCAN, phone.form(spaced)).status_code == 302


def test_after_five_wrong_codes_there_is_a_new_key(jane: User) -> None:
    client = apps.after_password(jane)
    phone = apps.scan(client)
    wrong = phone.form(apps.wrong_code(*(phone.code(steps) for steps in range(-20, 21))))
    for left in (4, 3, 2, 1):
        page = refused(client, wrong)
        assert f"You have {left} attempt{'s' * (left > 1)} left." in page
        assert Phone(page).address == phone.address
    page = refused(client, wrong)
    assert "The code was wrong 5 times" in page
    assert phone.entry.secret not in page
    assert SESSION_KEY not in client.session
    # The right one comes too late.
    assert "start again" in refused(client, phone.form())
    second = apps.scan(client)
    assert second.entry.secret != phone.entry.secret
    assert client.post(SCAN, second.form()).status_code == 302


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (timedelta(minutes=4), "wrong by about 4 minutes: it is fast"),
        (timedelta(minutes=-1), "wrong by about 1 minute: it is slow"),
        (timedelta(minutes=-10), "wrong by about 10 minutes: it is slow"),
    ],
)
def test_a_clock_that_is_wrong_is_told_and_costs_nothing(
    jane: User, off: timedelta, said: str
) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    for _ in range(6):
        page = refused(client, phone.form(phone.code(clock=off)))
    assert page.count(said) == 2
    assert "to automatic" in page
    assert client.post(SCAN, phone.form()).status_code == 302


def test_a_clock_that_is_hours_off_is_just_wrong(jane: User) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    page = refused(client, phone.form(phone.code(clock=timedelta(hours=1))))
    assert "That code is not correct" in page


def test_one_more_than_there_can_be_is_refused_before_and_after_the_scan(
    jane: User, settings: Settings
) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    settings.SECURELOGIN = {**settings.SECURELOGIN, "devices_of_a_type": 1}
    apps.make_app(jane)
    client = apps.client_with_app(jane, AuthenticatorApp.objects.get())
    for answer in (client.get(START), client.post(START)):
        assert "You have 1 authenticator app," in answer.content.decode()
        assert "Show the QR code" not in answer.content.decode()
    settings.SECURELOGIN = {**settings.SECURELOGIN, "devices_of_a_type": 2}
    phone = apps.scan(client)
    settings.SECURELOGIN = {**settings.SECURELOGIN, "devices_of_a_type": 1}
    assert "You have 1 authenticator app," in client.post(SCAN, phone.form()).content.decode()
    assert AuthenticatorApp.objects.count() == 1


def test_the_password_alone_proves_no_key_once_there_is_a_device(jane: User) -> None:
    """SECURITY: a thief's page of the first device, left open, is no way past the second step."""
    thief, owner = apps.after_password(jane), apps.after_password(jane)
    stolen = apps.scan(thief)
    owner.post(SCAN, apps.scan(owner).form())
    assert thief.post(SCAN, stolen.form())["Location"] == "/login/verify/"
    AuthenticatorApp.objects.get().end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    assert thief.post(SCAN, stolen.form())["Location"] == "/login/verify/"
    assert AuthenticatorApp.objects.count() == 1


def test_the_second_page_is_guarded_as_the_first(jane: User, clock: Clock) -> None:
    assert Client().get(SCAN)["Location"].startswith("/login/?next=")
    staff = apps.after_password(factories.make_staff("sam.support"))
    assert staff.post(SCAN)["Location"] == "/login/verify/"
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    factories.shift(jane.temporarycodes.get(), -timedelta(days=2))
    assert client.get(SCAN)["Location"] == "/settings/user/secure-login/"
    assert client.post(SCAN, phone.form()).status_code == 403
    assert not AuthenticatorApp.objects.exists()


def test_a_session_proves_itself_again_and_finds_its_key(jane: User, clock: Clock) -> None:
    client = factories.client_with_code(jane)
    clock.shift(timedelta(minutes=10))
    phone = apps.scan(client)
    clock.shift(timedelta(minutes=6))
    asked = client.post(SCAN, phone.form())
    assert asked["Location"] == f"/login/confirm/?next={SCAN.replace('/', '%2F')}"
    assert not AuthenticatorApp.objects.exists()
