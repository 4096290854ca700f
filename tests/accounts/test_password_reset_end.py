"""A forgotten password, the second half: the device, and then the new password."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts.models import Session, User
from accounts.password_reset import PasswordReset, ResetOverError
from securelogin import notices
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests.accounts.forgetful import (
    DEVICE,
    NEW,
    NUMBER,
    PASSWORD,
    START,
    Forgetful,
    jane_forgot,
    stage_of,
)
from tests.accounts.mailbox import number_for, postman
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.mail_server import MailServer

__all__ = ["jane_forgot", "postman"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "postman")]
COOKIE = settings.SESSION_COOKIE_NAME


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_loses_no_notice(
    jane_forgot: Forgetful, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """The number itself is not sent again: the client asks once more."""
    server = MailServer(monkeypatch)
    server.up = False
    jane_forgot.to_password()
    assert jane_forgot.set().status_code == 302
    assert jane_forgot.changed()
    assert server.sent == []
    server.up = True
    clock.shift(timedelta(hours=1))
    notices.retry()
    told = ("Somebody is setting a new password for your login", "Your password was changed")
    assert [server.sent.count(subject) for subject in told] == [1, 1]


# The device -----------------------------------------------------------------------------------


def test_a_wrong_answer_counts_as_at_a_login(jane_forgot: Forgetful) -> None:
    jane_forgot.to_device()
    response = jane_forgot.prove("000000")
    assert response.status_code == 422
    assert "do not match your card" in response.content.decode()
    assert Failures.objects.of_factor(jane_forgot.user.pk) is not None
    assert SecurityEvent.objects.filter(kind=Event.SIGN_IN_REFUSED).count() == 1
    assert stage_of(jane_forgot.client) == DEVICE
    assert not jane_forgot.changed()


def test_a_locked_factor_is_not_asked(jane_forgot: Forgetful, clock: Clock) -> None:
    jane_forgot.to_device()
    for _ in range(10):
        clock.shift(SECOND)
        SecurityCard.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        jane_forgot.prove("000000")
    response = jane_forgot.prove()
    assert response.status_code == 429
    assert "Your login is locked" in response.content.decode()
    assert jane_forgot.client.get(PASSWORD)["Location"] == DEVICE


def test_an_answer_serves_once(jane_forgot: Forgetful) -> None:
    jane_forgot.to_password()
    jane_forgot.card.refresh_from_db()
    assert jane_forgot.card.answered == 2
    assert jane_forgot.prove()["Location"] == PASSWORD
    jane_forgot.card.refresh_from_db()
    assert jane_forgot.card.answered == 2, "the page that is over takes no answer"


def test_a_second_proof_of_the_same_reset_uses_nothing_up(jane_forgot: Forgetful) -> None:
    jane_forgot.to_device()
    row, twin = PasswordReset.objects.get(), PasswordReset.objects.get()
    card = jane_forgot.card
    assert row.prove(card, jane_forgot.answers[1])
    card.refresh_from_db()
    with pytest.raises(ResetOverError), transaction.atomic():
        twin.prove(card, jane_forgot.answers[2])
    card.refresh_from_db()
    assert card.answered == 2


def test_the_challenge_is_that_of_the_next_login(jane_forgot: Forgetful, jane: User) -> None:
    """Asking changes nothing: no new pair for each mailbox thief who looks."""
    jane_forgot.to_device()
    pair = re.findall(r"<li>.*?(\d+).*?</li>", jane_forgot.client.get(DEVICE).content.decode())
    again = Forgetful.__new__(Forgetful)
    again.user, again.client = jane, Client()
    again.card, again.answers = jane_forgot.card, jane_forgot.answers
    again.to_device()
    assert re.findall(r"<li>.*?(\d+).*?</li>", again.client.get(DEVICE).content.decode()) == pair


def test_a_device_that_is_revoked_meanwhile_proves_nothing(jane_forgot: Forgetful) -> None:
    jane_forgot.to_device()
    jane_forgot.card.end(EndReason.CANCELLED_BY_STAFF)
    page = jane_forgot.prove().content.decode()
    assert "Call us for a new password" in page
    assert not jane_forgot.changed()


def test_without_a_device_the_page_says_to_call(jane: User) -> None:
    client = Client()
    client.post(START, {"username": jane.username})
    client.post(NUMBER, {"number": number_for(jane.email)})
    page = client.get(DEVICE).content.decode()
    assert "Call us for a new password" in page
    assert "+00 000 000 000" in page
    assert client.post(PASSWORD, {"password": NEW})["Location"] == DEVICE


# The new password -----------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["", "short", "Password1", "jane-sample-1984"])
def test_the_rules_hold_here_too(jane_forgot: Forgetful, password: str) -> None:
    jane_forgot.to_password()
    response = jane_forgot.set(password)
    assert response.status_code == 422
    assert not password or password not in response.content.decode()
    assert not jane_forgot.changed()
    assert jane_forgot.set().status_code == 302


def test_it_has_to_be_done_in_fifteen_minutes(jane_forgot: Forgetful, clock: Clock) -> None:
    jane_forgot.to_password()
    clock.shift(timedelta(minutes=15) - SECOND)
    assert stage_of(jane_forgot.client) == PASSWORD
    clock.shift(SECOND)
    assert jane_forgot.set().status_code in {200, 302}
    assert not jane_forgot.changed()


def test_a_reset_is_over_when_the_password_was_changed_meanwhile(
    jane_forgot: Forgetful, jane: User
) -> None:
    jane_forgot.to_password()
    User.objects.get(pk=jane.pk).change_password("quite another lantern")
    assert stage_of(jane_forgot.client) == "over"
    jane_forgot.set()
    assert User.objects.get(pk=jane.pk).check_password("quite another lantern")


def test_a_used_reset_does_not_serve_again(jane_forgot: Forgetful, jane: User) -> None:
    jane_forgot.to_password()
    kept = jane_forgot.client.cookies[COOKIE].value
    session = Session.objects.get(session_key=kept)
    row = PasswordReset.objects.get()
    jane_forgot.set()
    session.save(force_insert=True)  # as if a copy of the session had survived
    thief = Client()
    thief.cookies[COOKIE] = kept
    assert stage_of(thief) == "over"
    with pytest.raises(ResetOverError):
        row.finish("the password of a thief")
    assert User.objects.get(pk=jane.pk).check_password(NEW)


def test_a_client_who_is_switched_off_meanwhile_sets_nothing(jane_forgot: Forgetful) -> None:
    jane_forgot.to_password()
    User.objects.update(is_active=False)
    assert stage_of(jane_forgot.client) == "over"
    jane_forgot.set()
    assert not jane_forgot.changed()
