"""A passkey on the other pages that ask: fresh proof, forgotten password, the way back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.enrolment import types_to_add
from securelogin.events import Event
from securelogin.models import SecurityEvent, lift_waits
from securelogin.registry import DeviceTypeConfig
from tests import factories
from tests.accounts.forgetful import DEVICE, PASSWORD, Forgetful
from tests.accounts.mailbox import postman
from tests.securelogin.contract import contract_of, is_inside
from tests.securelogin.passkey.authenticator import Authenticator
from tests.securelogin.passkey.steps import (
    ADD,
    CONFIRM,
    LIST,
    after_password,
    make_passkey,
    prove,
    question_on,
)

__all__ = ["postman"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def authenticator(jane: User) -> Authenticator:
    """Of Jane's one passkey."""
    return make_passkey(jane)[1]


@pytest.fixture
def inside(jane: User, authenticator: Authenticator) -> Client:
    """A browser that logged in with it; its proof is six minutes old in `later`."""
    client = after_password(jane)
    prove(client, authenticator)
    assert is_inside(client)
    return client


def later() -> time_machine.travel:
    """When the proof of the login is old."""
    return time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False)


def test_it_confirms_together_with_the_password(
    inside: Client, authenticator: Authenticator
) -> None:
    with later():
        done = prove(inside, authenticator, CONFIRM, password=factories.PASSWORD)
        assert (done.status_code, done["Location"]) == (302, "/home/")
    event = SecurityEvent.objects.get(kind=Event.PROOF_ACCEPTED)
    assert event.detail == {"verified": "yes"}


def test_a_password_that_is_missing_is_all_that_is_said(
    inside: Client, authenticator: Authenticator
) -> None:
    with later():
        asked = question_on(inside.get(CONFIRM))["publicKey"]
        refused = inside.post(CONFIRM, {"password": "", "passkey": ""})
        assert refused.status_code == 422
        page = refused.content.decode()
        assert "Enter your password" in page
        assert "did not ask for your passkey" not in page
        # Nothing was answered: the question is still open.
        answer = {"password": factories.PASSWORD, "passkey": authenticator.sign(asked)}
        assert inside.post(CONFIRM, answer).status_code == 302


def test_a_wrong_password_and_a_wrong_passkey_get_one_sentence(
    jane: User, inside: Client, authenticator: Authenticator
) -> None:
    stranger = Authenticator(credential_id=authenticator.credential_id, handle=authenticator.handle)
    with later():
        for who, password in ((authenticator, "not-it-at-all"), (stranger, factories.PASSWORD)):
            refused = prove(inside, who, CONFIRM, password=password)
            assert refused.status_code == 422
            assert "Your password or your answer is not correct" in refused.content.decode()
            lift_waits(jane)
    assert SecurityEvent.objects.filter(kind=Event.PROOF_REFUSED).count() == 2


@pytest.mark.parametrize(
    "typed",
    [config for config in types_to_add() if not config.needs_no_typing],
    ids=lambda config: config.slug,
)
def test_it_stands_beside_every_question_of_a_device_that_is_typed(
    jane: User, typed: DeviceTypeConfig
) -> None:
    """WCAG 2.2, 3.3.8: a way without transcribing, first among the others."""
    other = contract_of(typed).device(jane)
    passkey, authenticator = make_passkey(jane)
    way, asked = f"device=passkey-{passkey.pk}", f"device={typed.slug}-{other.pk}"
    client = after_password(jane)
    shown = client.get(f"/login/verify/?{asked}").content.decode()
    assert typed.prompt_title in shown
    assert f'href="?{way}"' in shown
    assert "nothing to type" in shown
    prove(client, authenticator, f"/login/verify/?{way}")
    with later():
        shown = client.get(f"{CONFIRM}&{asked}").content.decode()
        assert typed.prompt_title in shown
        assert f'href="?{way}&amp;next=/home/"' in shown
        assert "nothing to type" in shown


@pytest.mark.usefixtures("postman")
def test_it_answers_for_a_forgotten_password(jane: User) -> None:
    forgetful = Forgetful(jane)
    passkey, authenticator = make_passkey(jane)
    forgetful.to_device()
    address = f"{DEVICE}?device=passkey-{passkey.pk}"
    stranger = Authenticator(credential_id=authenticator.credential_id, handle=authenticator.handle)
    assert prove(forgetful.client, stranger, address).status_code == 422
    lift_waits(jane)
    done = prove(forgetful.client, authenticator, address)
    assert (done.status_code, done["Location"]) == (302, PASSWORD)


def test_the_way_back_from_hold_asks_for_that_very_passkey(jane: User) -> None:
    held, authenticator = make_passkey(jane)
    make_passkey(jane)
    held.hold(by=None)
    client = factories.client_with_code(jane)
    address = f"{LIST}reactivate/passkey/{held.pk}/"
    question = question_on(client.get(address))
    [asked] = question["publicKey"]["allowCredentials"]
    assert (asked["id"], question["choices"]) == (held.credential.name, {})
    assert prove(client, authenticator, address).status_code == 302
    held.refresh_from_db()
    assert held.held_at is None


def test_on_hold_it_is_asked_nowhere_else(jane: User) -> None:
    held, _authenticator = make_passkey(jane)
    kept, _authenticator = make_passkey(jane)
    held.hold(by=None)
    question = question_on(after_password(jane).get("/login/verify/"))
    assert [one["id"] for one in question["publicKey"]["allowCredentials"]] == [
        kept.credential.name
    ]


def test_who_is_quick_is_not_too_early(jane: User, inside: Client) -> None:
    """The script is there, and has run, before there is a button to press."""
    with later():
        pages = [after_password(jane).get("/login/verify/"), inside.get(CONFIRM), inside.get(ADD)]
    for page in pages:
        form = page.content.decode().partition("data-passkey-")[2]
        script, button = (
            form.index('<script src="/static/js/passkey.js" nonce="'),
            form.index("<button"),
        )
        assert script < button
        assert re.match(r'<script src="[^"]+" nonce="[^"]+"></script>', form[script:])
