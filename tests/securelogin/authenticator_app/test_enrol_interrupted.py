"""Adding an authenticator app that is interrupted: by time, two tabs, leaving, a lost key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import User
from securelogin.authenticator_app.enrolling import SESSION_KEY
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.conf import policy
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.authenticator_app.apps import SCAN, START, Phone, refused
from tests.securelogin.clock import Clock
from tests.securelogin.contract import is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NEW_KEY = ("new", bytes(range(130, 162)))


def test_after_its_time_the_key_is_gone(jane: User, clock: Clock) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    clock.shift(policy().first_device_life - timedelta(seconds=1))
    assert apps.scan(client).address == phone.address
    clock.shift(timedelta(seconds=1))
    # A fresh proof is due as well: it ends at the same moment.
    session = client.session
    session["proven_at"] = "2025-10-24T12:20:00+00:00"
    session.save()
    assert client.get(SCAN)["Location"] == START
    assert "This took too long" in refused(client, phone.form())
    assert apps.scan(client).entry.secret != phone.entry.secret


def test_two_tabs_and_a_reload_show_one_key_and_add_one_device(jane: User) -> None:
    client = factories.client_with_code(jane)
    one, other = apps.scan(client), apps.scan(client)
    assert one.address == other.address == Phone(client.get(SCAN).content.decode()).address
    first = client.post(SCAN, one.form())
    second = client.post(SCAN, other.form())
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert AuthenticatorApp.objects.count() == 1
    assert is_inside(client)


def test_the_page_of_an_older_key_says_so_and_shows_the_new_one(jane: User) -> None:
    client = factories.client_with_code(jane)
    older = apps.scan(client)
    session = client.session
    del session[SESSION_KEY]
    session.save()
    newer = apps.scan(client)
    for form in (older.form(), {**newer.form(), "serial": ""}):
        page = refused(client, form)
        assert "its QR code no longer counts" in page
        assert Phone(page).form() == newer.form()
    assert client.post(SCAN, newer.form()).status_code == 302


def test_left_half_way_it_leaves_nothing(jane: User) -> None:
    client = apps.after_password(jane)
    apps.scan(client)
    client.post("/login/start-over/")
    assert client.get(SCAN)["Location"].startswith("/login/?")
    assert not AuthenticatorApp.objects.exists()
    # The next login starts as the first one did.
    assert apps.after_password(jane).get("/login/verify/")["Location"] == "/login/first-device/"


def test_a_key_of_the_server_that_is_gone_half_way_means_to_start_again(
    jane: User, settings: Settings
) -> None:
    client = factories.client_with_code(jane)
    phone = apps.scan(client)
    settings.SEED_KEYS = (NEW_KEY,)
    assert client.get(SCAN)["Location"] == START
    assert "It no longer counts" in refused(client, phone.form())
    assert client.post(SCAN, apps.scan(client).form()).status_code == 302
