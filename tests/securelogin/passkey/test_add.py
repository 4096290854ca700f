"""Adding a passkey: what is asked, what is taken, and what is refused in one sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from webauthn.helpers import encode_cbor

from accounts.models import User
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Notice, SecurityEvent
from securelogin.passkey import challenge
from securelogin.passkey.models import Passkey
from tests import factories
from tests.securelogin.contract import is_inside
from tests.securelogin.passkey.authenticator import Authenticator, in_bytes
from tests.securelogin.passkey.steps import (
    ADD,
    LIST,
    add,
    after_password,
    make_passkey,
    prove,
    question_on,
)

pytestmark = pytest.mark.django_db
REFUSED = "This passkey could not be added."
NOT_READ = "answer could not be read"
LATE = "This page was out of date"


def test_it_is_added_and_the_session_goes_on_with_it(jane: User) -> None:
    client = factories.client_with_code(jane)
    before = client.session.session_key
    done = add(client, Authenticator(count=4, may_sync=True, synced=True), "  My\u202e phone ")
    passkey = Passkey.objects.get()
    assert (done.status_code, done["Location"]) == (302, f"{LIST}added/passkey/{passkey.pk}/")
    assert client.session.session_key != before
    assert (passkey.user, passkey.name, passkey.sign_count) == (jane, "My phone", 4)
    assert (passkey.may_sync, passkey.synced, passkey.verified_when_added) == (True, True, True)
    assert passkey.transports == ["internal"]
    assert is_inside(client)
    assert "My phone" in client.get(LIST).content.decode()
    assert jane.temporarycodes.get().end_reason == EndReason.REPLACED
    assert Notice.objects.filter(user=jane, kind="device_added").count() == 1


def test_with_a_password_alone_it_becomes_the_first_device_and_logs_in(jane: User) -> None:
    client = after_password(jane)
    page = client.get(ADD).content.decode()
    assert "Add a passkey" in page
    assert not is_inside(client)
    authenticator = Authenticator()
    add(client, authenticator)
    assert is_inside(client)
    client.post("/logout/")
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert prove(again := after_password(jane), authenticator).status_code == 302
        assert is_inside(again)


def test_what_is_asked(jane: User) -> None:
    """63B-4 B.3; ASVS 11.6.1: user verification preferred, no attestation, three algorithms."""
    make_passkey(jane)
    client = factories.client_with_code(jane)
    [own] = Passkey.objects.all()
    asked = question_on(client.get(ADD))["publicKey"]
    assert asked["rp"] == {"id": "testserver", "name": "Example Brokerage"}
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["userVerification"] == "preferred"
    assert [kind["alg"] for kind in asked["pubKeyCredParams"]] == [-7, -8, -257]
    assert [one["id"] for one in asked["excludeCredentials"]] == [own.credential.name]
    assert len(in_bytes(asked["challenge"])) >= 32
    assert asked["user"]["name"] == jane.username


def test_a_removed_one_is_not_in_the_way_of_a_new_one(jane: User) -> None:
    old, _authenticator = make_passkey(jane)
    old.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    asked = question_on(factories.client_with_code(jane).get(ADD))["publicKey"]
    assert asked["excludeCredentials"] == []


def test_authenticators_know_a_client_by_64_random_bytes_that_stay(
    jane: User, mallory: User
) -> None:
    """WebAuthn 14.6.1: never a name, an address or a number of ours."""
    first, second = Authenticator(), Authenticator()
    client = factories.client_with_code(jane)
    add(client, first)
    add(client, second)
    assert first.handle == second.handle
    assert len(first.handle) == 64
    add(factories.client_with_code(mallory), other := Authenticator())
    assert other.handle != first.handle


@pytest.mark.parametrize("verifies", [True, False])
def test_whether_the_person_was_verified_is_on_record(jane: User, verifies: bool) -> None:
    add(factories.client_with_code(jane), Authenticator(verifies=verifies))
    passkey = Passkey.objects.get()
    assert (passkey.verified_when_added, passkey.verified_last) == (verifies, verifies)
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ACTIVATED, device=passkey.persistent_id)
    assert event.detail == {"verified": "yes" if verifies else "no"}


@pytest.mark.parametrize(
    "statement",
    [
        {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"broken"}},
        {"fmt": "tpm", "attStmt": {"x5c": [b"not a certificate"]}},
        {"fmt": "of-the-future", "attStmt": 7},
    ],
    ids=lambda statement: statement["fmt"],
)
def test_no_statement_of_a_maker_stands_in_the_way(jane: User, statement: Any) -> None:
    add(factories.client_with_code(jane), Authenticator(), statement=statement)
    assert Passkey.objects.count() == 1


WEAK = encode_cbor({1: 2, 3: -47, -1: 8, -2: bytes(32), -3: bytes(32)})
NO_POINT = encode_cbor({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: b"\1" * 32})


@pytest.mark.parametrize(
    ("authenticator", "made"),
    [
        (Authenticator(origin="https://portal.example.phish.example"), {}),
        (Authenticator(origin="http://testserver:8000"), {}),
        (Authenticator(rp_id="phish.example"), {}),
        (Authenticator(embedded=True), {}),
        (Authenticator(present=False), {}),
        (Authenticator(synced=True), {}),
        (Authenticator(), {"cose": WEAK}),
        (Authenticator(), {"cose": NO_POINT}),
        (Authenticator(), {"cose": b"\x04"}),
        (Authenticator(), {"cose": b"\x80"}),
        (Authenticator(), {"attestationObject": "gA"}),
        (Authenticator(), {"attestationObject": ""}),
    ],
    ids=[
        "origin",
        "port",
        "site",
        "embedded",
        "untouched",
        "impossible flags",
        "algorithm",
        "no point",
        "no key",
        "no map",
        "no object",
        "nothing",
    ],
)
def test_what_is_not_made_here_and_now_is_refused(
    jane: User, authenticator: Authenticator, made: dict[str, Any]
) -> None:
    client = factories.client_with_code(jane)
    refused = add(client, authenticator, **made)
    assert refused.status_code == 422
    assert REFUSED in refused.content.decode()
    assert not Passkey.objects.exists()
    # The way on is on the same page.
    retried = Authenticator().make(question_on(refused)["publicKey"])
    assert client.post(ADD, {"passkey": retried}).status_code == 302


def test_one_that_is_known_is_refused_whoever_has_it(jane: User, mallory: User) -> None:
    """SECURITY: the same words for the own one, another client's, and a removed one."""
    _theirs, authenticator = make_passkey(mallory)
    own, again = make_passkey(jane)
    own.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    pages = []
    for known in (authenticator, again):
        client = factories.client_with_code(jane)
        refused = add(client, known)
        assert refused.status_code == 422
        assert is_inside(client)
        pages.append(REFUSED in refused.content.decode())
    assert pages == [True, True]
    assert Passkey.objects.count() == 2
    assert jane.temporarycodes.latest("pk").ended_at is None


@pytest.mark.parametrize("sent", ["x", "{}", "[]", '{"response": 1}', "[" * 9_000, "x" * 12_001])
def test_what_no_browser_sends_is_said_to_be_unreadable(jane: User, sent: str) -> None:
    client = factories.client_with_code(jane)
    asked = question_on(client.get(ADD))["publicKey"]
    refused = client.post(ADD, {"passkey": sent, "name": "My key"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert NOT_READ in page
    assert "My key" in page
    # That was no answer: the question is still open.
    assert client.post(ADD, {"passkey": Authenticator().make(asked)}).status_code == 302


def test_without_an_answer_it_says_what_a_passkey_needs(jane: User) -> None:
    client = factories.client_with_code(jane)
    client.get(ADD)
    refused = client.post(ADD, {"passkey": "", "name": ""})
    assert refused.status_code == 422
    assert "JavaScript" in refused.content.decode()


def test_a_page_that_was_open_too_long_asks_again(jane: User) -> None:
    client = factories.client_with_code(jane)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        asked = question_on(client.get(ADD))["publicKey"]
        clock.shift(challenge.LIFE)
        late = client.post(ADD, {"passkey": Authenticator().make(asked)})
    assert late.status_code == 422
    assert LATE in late.content.decode()
    assert question_on(late)["publicKey"]["challenge"] != asked["challenge"]
    assert not Passkey.objects.exists()


def test_of_two_tabs_either_may_answer_and_the_other_then_asks_again(jane: User) -> None:
    client = factories.client_with_code(jane)
    first, second = (question_on(client.get(ADD))["publicKey"] for _ in range(2))
    assert first["user"] == second["user"]
    assert client.post(ADD, {"passkey": Authenticator().make(first)}).status_code == 302
    again = client.post(ADD, {"passkey": Authenticator().make(second)})
    assert again.status_code == 422
    assert LATE in again.content.decode()
    assert Passkey.objects.count() == 1


def test_an_answer_of_another_browser_is_none(jane: User) -> None:
    asked = question_on(factories.client_with_code(jane).get(ADD))["publicKey"]
    other = factories.client_with_code(jane)
    other.get(ADD)
    assert LATE in other.post(ADD, {"passkey": Authenticator().make(asked)}).content.decode()


def test_to_log_in_is_no_answer_to_adding(jane: User) -> None:
    client = factories.client_with_code(jane)
    asked = question_on(client.get(ADD))["publicKey"]
    signed = Authenticator().sign(asked)
    assert NOT_READ in client.post(ADD, {"passkey": signed}).content.decode()


def test_too_many_are_said_to_be_too_many(jane: User, settings: Settings) -> None:
    settings.SECURELOGIN = {"devices_of_a_type": 1}
    make_passkey(jane)
    refused = add(factories.client_with_code(jane), Authenticator())
    assert refused.status_code == 422
    assert "as many as there can be" in refused.content.decode()


def test_nobody_adds_one_without_a_login(jane: User) -> None:
    assert Client().get(ADD)["Location"].startswith("/login/?next=")
    refused = Client().post(ADD, {"passkey": Authenticator().sign({"challenge": "AAAA"})})
    assert refused.status_code == 302
    assert not Passkey.objects.exists()
