"""The desk opens only to a session of a strong device, at every address and for every method."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.enrolment import types_to_add
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from securelogin.policy import Policy
from securelogin.protection import Protection
from tests import factories
from tests.securelogin.lasting import LASTING, held_device, inside_with, own_device
from tests.security.breaking import state
from tests.security.cast import Persona, routes, untouched

pytestmark = pytest.mark.django_db
TITLE = "Add a security device first"
DESK = "/admin/"


@pytest.fixture(autouse=True)
def _strict(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.SECURELOGIN = {}
    caplog.set_level(logging.CRITICAL, logger="django.request")


def text(response: Any) -> str:
    """The words of a page, on one line."""
    page = response.content.decode()
    return " ".join(re.sub("<[^>]+>", " ", page[page.index("<main") :]).split())


@pytest.fixture
def weak(sam: User) -> Client:
    """Sam at the first login: with a Temporary Code."""
    return factories.client_with_code(sam)


def test_the_product_asks_for_a_high_one() -> None:
    assert Policy().staff_protection == Protection.HIGH


def test_the_first_login_leads_to_what_can_be_added(sam: User) -> None:
    _code, digits = factories.make_code(sam)
    browser = Client()
    assert browser.get(DESK)["Location"] == "/login/?next=%2Fadmin%2F"
    entries = {"username": sam.username, "password": factories.PASSWORD, "next": DESK}
    browser.post("/login/", entries)
    landed = browser.post("/login/verify/", {"temporary_code": digits}, follow=True)
    assert (landed.redirect_chain[-1][0], landed.status_code) == (DESK, 403)
    said = text(landed)
    assert TITLE in said
    assert "The one you logged in with protects: basic." in said
    for config in types_to_add():
        assert config.enrolment
        offered = reverse(config.enrolment.url_name) in landed.content.decode()
        assert offered is (config.protection >= Protection.HIGH)


@pytest.mark.parametrize("role", Role)
def test_no_address_of_the_desk_answers_a_weak_session(role: Role, jane: User) -> None:
    me = factories.make_staff("me.sample", role)
    card, _answers = factories.make_card(jane, active=False)
    browser = factories.client_with_code(me)
    subject = Persona("subject", Client(), jane, jane, card)
    for route in routes(subject):
        if not route.of_admin or route.name.endswith(":login"):
            continue
        for method in ("get", "post", "head", "put", "delete"):
            with untouched(browser):
                before = state()
                response = getattr(browser, method)(route.path)
                assert response.status_code == 403, (method, route)
                if method != "head":
                    assert TITLE in response.content.decode(), (method, route)
                    assert "Jane" not in response.content.decode()
                changed = state()
                # Beside the note that it was refused.
                before[2][Event.ACTION_REFUSED] = changed[2][Event.ACTION_REFUSED]
                del before[5], changed[5]
                assert changed == before, (method, route)


def test_a_superuser_is_no_exception(db: None) -> None:
    root = factories.make_user("root.sample", is_staff=True, is_superuser=True)
    assert factories.client_with_code(root).get(DESK).status_code == 403


def test_a_refused_post_is_on_record_and_a_get_is_not(weak: Client, sam: User) -> None:
    weak.get(DESK)
    assert not SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED).exists()
    weak.post(DESK)
    event = SecurityEvent.objects.get(kind=Event.ACTION_REFUSED)
    assert (event.actor, event.user, event.detail) == (sam, None, {"action": "desk_page"})


def test_a_client_is_sent_home_as_ever(jane: User) -> None:
    browser = factories.client_with_code(jane)
    answer = browser.get(DESK, follow=True)
    assert (answer.redirect_chain[-1][0], answer.status_code) == ("/home/", 200)


def test_their_own_account_is_open_to_staff_all_the_same(weak: Client) -> None:
    for path in ("/home/", "/settings/user/", "/settings/user/secure-login/"):
        assert weak.get(path).status_code == 200


@pytest.mark.parametrize("config", LASTING, ids=lambda config: config.slug)
def test_a_strong_device_opens_the_desk(sam: User, config: Any) -> None:
    device = own_device(sam, config=config)
    browser = inside_with(sam, device)
    assert browser.get(DESK).status_code == (200 if device.protection >= Protection.HIGH else 403)


def test_a_card_does_not(sam: User) -> None:
    _card, answers = factories.make_card(sam)
    browser = Client()
    factories.sign_in(browser, sam, answers[1], "card_values")
    said = text(browser.get(DESK))
    assert "The one you logged in with protects: medium." in said


def test_when_the_strong_one_is_over_the_session_is(sam: User) -> None:
    device = own_device(sam)
    browser = inside_with(sam, device)
    assert browser.get(DESK).status_code == 200
    device.end(EndReason.CANCELLED_BY_STAFF)
    assert browser.get(DESK)["Location"].startswith("/login/")


def test_who_has_a_strong_one_is_told_to_use_it(sam: User) -> None:
    device = own_device(sam, "my phone")
    browser = factories.client_with_code(sam)
    type(device).objects.update(held_at=None, confirmed=True)
    said = text(browser.get(DESK))
    assert f"log in again with one of these: {device.title}" in said
    assert "Add another one" in said


def test_who_has_one_on_hold_is_led_to_take_it_back(sam: User) -> None:
    device = held_device(sam, "my phone")
    page = factories.client_with_code(sam).get(DESK)
    assert reverse("securelogin:reactivate", args=[device.type_slug, device.pk]) in (
        page.content.decode()
    )
    assert f"Reactivate {device.title}" in text(page)


def test_where_nothing_strong_enough_can_be_added_the_page_says_so(
    weak: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.admin_site.types_to_add", list)
    said = text(weak.get(DESK))
    assert "Tell whoever runs it." in said
    assert "Add one now" not in said


def test_an_installation_may_ask_for_more_or_for_nothing(
    weak: Client, sam: User, settings: Settings
) -> None:
    settings.SECURELOGIN = {"staff_protection": int(Protection.HIGHEST)}
    assert "whose protection is highest." in text(weak.get(DESK))
    settings.SECURELOGIN = {"staff_protection": int(Protection.BASIC)}
    assert weak.get(DESK).status_code == 200
