"""Sessions: where they begin, how long they live, what they hold, and what ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.lifecycle import EndReason
from securelogin.security_card.views.own import SHOWN_KEY
from tests import factories
from tests.security.cast import CARD, LIST

HOME = "/home/"


def ended(client: Client) -> bool:
    """Whether this browser is a visitor again."""
    response = client.get(LIST)
    return response.status_code == 302 and response["Location"].startswith(("/login", "/logged"))


def after(**by: float) -> Any:
    """The clock, that much later."""
    return time_machine.travel(timezone.now() + timedelta(**by), tick=False)


@pytest.mark.django_db
def test_a_planted_session_is_worth_nothing(jane: User, mallory: User) -> None:
    planted = "p" * 32
    victim = Client()
    victim.cookies["sid"] = planted
    _code, digits = factories.make_code(jane)
    factories.sign_in(victim, jane, digits)
    assert victim.cookies["sid"].value != planted
    # A pending or a full session of the attacker, planted before the login.
    attacker = factories.client_with_code(mallory)
    theirs = attacker.cookies["sid"].value
    victim = Client()
    victim.cookies["sid"] = theirs
    factories.sign_in(victim, jane, digits)
    assert victim.cookies["sid"].value != theirs
    assert "Jane Sample" in victim.get(HOME).content.decode()
    assert ended(attacker)


@pytest.mark.django_db
def test_a_session_ends_when_idle_and_after_eight_hours_at_the_latest(jane: User) -> None:
    client = factories.client_with_code(jane)
    with after(minutes=14, seconds=59):
        assert not ended(client)
    with after(minutes=29, seconds=58):
        assert not ended(client)
    with after(minutes=44, seconds=59):
        assert ended(client)
    _code, digits = factories.make_code(jane)
    factories.sign_in(client := Client(), jane, digits)
    start = timezone.now()
    for minutes in range(10, 480, 10):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            left = client.post("/session/keep-alive/").json()["expires_in"]
            assert 0 < left <= min(900, (480 - minutes) * 60)
    with time_machine.travel(start + timedelta(minutes=479, seconds=50), tick=False):
        proof = {"password": factories.PASSWORD, "temporary_code": digits}
        assert client.post("/login/confirm/", proof).status_code == 302
        path = client.post(CARD)["Location"]
        row = jane.securitycards.get()
        answer = factories.answers_of(client, row)[0]
        client.post(f"{path}activate/", {"card_values": answer})
        assert not ended(client)
    # The step up to the card is no new start.
    with time_machine.travel(start + timedelta(hours=8, seconds=1), tick=False):
        assert ended(client)


@pytest.mark.django_db
def test_a_session_ends_with_its_device(jane: User) -> None:
    for reason in (EndReason.CANCELLED_BY_STAFF, EndReason.REPORTED_LOST, EndReason.REPLACED):
        client = factories.client_with_code(jane)
        jane.temporarycodes.latest("pk").end(reason)
        assert client.post(CARD)["Location"].startswith("/login/")
        assert ended(client)
        assert client.session.get(SHOWN_KEY) is None


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["password", "inactive"])
def test_a_changed_password_ends_pending_and_full_sessions(change: str, jane: User) -> None:
    _code, digits = factories.make_code(jane)
    full, pending = Client(), Client()
    factories.sign_in(full, jane, digits)
    pending.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    if change == "password":
        jane.set_password("another-lantern-12")
    else:
        jane.is_active = False
    jane.save()
    assert pending.post("/login/verify/", {"temporary_code": digits})["Location"] == "/login/"
    assert ended(full)


@pytest.mark.django_db
def test_a_pending_sign_in_is_not_prolonged_by_trying(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    for minutes in (1, 2, 3, 4):
        with after(minutes=minutes):
            client.post("/login/verify/", {"temporary_code": ""})
            client.get("/")
    with after(minutes=5):
        client.post("/login/verify/", {"temporary_code": digits})
        assert ended(client)


@pytest.mark.django_db
def test_a_full_session_is_no_password_for_somebody_else(jane: User, mallory: User) -> None:
    client = factories.client_with_code(jane)
    client.post("/login/", {"username": mallory.username, "password": factories.PASSWORD})
    assert ended(client)
