"""Who may confirm a new e-mail address, and what is sent there how often."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts.models import Session, User
from accounts.new_addresses import NewAddress
from securelogin.lifecycle import EndReason
from securelogin.models import Failures
from tests import factories
from tests.accounts.addresses import (
    CONTACT,
    NEW,
    NEWER,
    NUMBER,
    OLD,
    ask,
    enter,
    in_force,
    numbers_sent,
    sent_to,
    text,
)
from tests.securelogin.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now: its proof is fresh."""
    return factories.client_with_code(jane)


def test_an_ended_session_confirms_nothing_and_another_one_may(
    client: Client, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client)
    number = sent_to()
    before = NewAddress.confirm

    def ended_meanwhile(row: NewAddress, entered: str, *, session_key: str) -> bool:
        Session.objects.of(jane).delete()
        return before(row, entered, session_key=session_key)

    with monkeypatch.context() as patch:
        patch.setattr(NewAddress, "confirm", ended_meanwhile)
        assert enter(client, number)["Location"] == NUMBER
    assert in_force() == (OLD, "")
    assert NewAddress.objects.get().failures == 0
    assert client.get(NUMBER)["Location"].startswith("/login/")
    client.logout()
    jane.temporarycodes.get().end(EndReason.REPLACED)
    assert enter(factories.client_with_code(jane), number).status_code == 302
    assert in_force() == (NEW, "")


def test_nobody_reaches_the_address_of_another_client(
    client: Client, client_of: Callable[[User], Client], mallory: User
) -> None:
    ask(client)
    thief = client_of(mallory)
    assert NEW not in text(thief, NUMBER)
    assert enter(thief, sent_to()).status_code == 200
    for page in ("send/", "withdraw/"):
        assert thief.post(NUMBER + page).status_code == 302
    assert numbers_sent() == 1
    assert NewAddress.objects.get().failures == 0


@pytest.mark.parametrize("page", ["phone/", "phone/send/", "phone/withdraw/"])
def test_nothing_else_has_such_a_page(client: Client, page: str) -> None:
    assert client.post(CONTACT + page).status_code == 404


# Sending --------------------------------------------------------------------------------------


def test_six_numbers_an_hour_are_sent(client: Client, clock: Clock) -> None:
    ask(client)
    for _again in range(5):
        assert "Send again" in text(client, NUMBER)
        client.post(f"{NUMBER}send/")
    assert "has to wait until 24 October 2025, 15:05" in text(client, NUMBER)
    assert "Send again" not in text(client, NUMBER)
    latest = sent_to()
    client.post(f"{NUMBER}send/")
    ask(client, NEWER)
    assert numbers_sent() == 6, "another address is no way around it"
    assert "We could not send a number" in text(client, NUMBER)
    assert enter(client, latest).status_code == 422, "nor does its row take the other's number"
    Failures.objects.filter(key__startswith="factor:").delete()
    clock.shift(timedelta(hours=1))
    row = NewAddress.objects.get()
    row.send()
    assert numbers_sent() == 7


def test_a_mail_server_that_is_down_is_said_and_its_number_void(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lost: list[str] = []

    def down(_self: Any, messages: list[Any]) -> int:
        lost.extend(str(message.body) for message in messages)
        raise smtplib.SMTPServerDisconnected(lost[-1])

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", down)
        assert ask(client) == NUMBER
    assert "We could not send a number" in text(client, NUMBER)
    number = next(part for part in lost[0].split("\n") if part.startswith("    ")).strip()
    assert enter(client, number.replace(" ", "")).status_code == 422
    assert number not in caplog.text
    assert in_force() == (OLD, "")
    client.post(f"{NUMBER}send/")
    assert "We could not send" not in text(client, NUMBER)
    assert enter(client, sent_to()).status_code == 302
    assert in_force() == (NEW, "")
