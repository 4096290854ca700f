"""A forgotten password: number, then device, then a new one; nothing skips the second factor."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Session, User
from accounts.password_reset import PasswordReset, ResetOverError
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
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
from tests.accounts.mailbox import postman, wrong
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.contract import is_inside

__all__ = ["jane_forgot", "postman"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "postman")]
COOKIE = settings.SESSION_COOKIE_NAME


# The way --------------------------------------------------------------------------------------


def test_the_whole_way(jane_forgot: Forgetful, jane: User) -> None:
    elsewhere = Client()
    factories.sign_in(elsewhere, jane, jane_forgot.answers[1], "card_values")
    assert "Forgot your password?" in Client().get("/login/").content.decode()
    jane_forgot.to_password()
    assert not jane_forgot.changed()
    assert is_inside(elsewhere)
    response = jane_forgot.set()
    assert (response.status_code, response["Location"]) == (302, "/login/?r=password")
    assert (
        "Log in with the new one." in jane_forgot.client.get(response["Location"]).content.decode()
    )
    assert jane_forgot.changed()
    assert not is_inside(jane_forgot.client), "the login begins anew, with both factors"
    assert not is_inside(elsewhere)
    assert not Session.objects.of(jane).exists()
    fields = {"username": jane.username, "password": NEW}
    assert jane_forgot.client.post("/login/", fields)["Location"] == "/login/verify/"
    assert not is_inside(jane_forgot.client), "the second factor is as it was"


def test_each_step_is_told_and_recorded(
    jane_forgot: Forgetful,
    jane: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    User.objects.update(notify_email="second@elsewhere.example")
    with django_capture_on_commit_callbacks(execute=True):
        jane_forgot.to_password()
        jane_forgot.set()
    told = [(message.subject, message.to[0]) for message in mail.outbox]
    both = (jane.email, "second@elsewhere.example")
    begun = "Somebody is setting a new password for your login"
    assert [to for subject, to in told if subject == begun] == [*both]
    assert [to for subject, to in told if subject == "Your password was changed"] == [*both]
    # The number goes to one mailbox only.
    assert [to for subject, to in told if subject == "Your number for a new password"] == [both[0]]
    kinds = [Event.RESET_ASKED, Event.RESET_NUMBER_MATCHED, Event.PASSWORD_CHANGED]
    events = SecurityEvent.objects.filter(user=jane, kind__in=kinds).order_by("pk")
    assert [event.kind for event in events] == kinds


def test_the_mail_has_the_number_and_nothing_else_of_use(
    jane_forgot: Forgetful, jane: User
) -> None:
    digits = jane_forgot.ask()
    (message,) = mail.outbox
    body = str(message.body)
    assert f"{digits[:3]} {digits[3:]}" in body
    assert digits not in str(message.subject)
    assert "security device is asked for as well" in body
    assert "+00 000 000 000" in body
    for absent in (jane.username, jane.last_name, "http", "www.", "@", "{", "None"):
        assert absent not in body
    reference = SecurityEvent.objects.get(kind=Event.RESET_ASKED).reference
    assert reference in body


def test_the_number_is_written_down_nowhere(jane_forgot: Forgetful) -> None:
    digits = jane_forgot.ask()
    row = PasswordReset.objects.get()
    told = [str(vars(row)), str(SecurityEvent.objects.values()), str(Notice.objects.values())]
    told += [str(session.get_decoded()) for session in Session.objects.all()]
    assert not [text for text in told if digits in text]
    assert len(bytes(row.salt)) == 16
    assert len(bytes(row.digest)) == 32
    jane_forgot.client.post(NUMBER, {"number": digits})
    row.refresh_from_db()
    assert (bytes(row.salt), bytes(row.digest)) == (b"", b"")


def test_each_page_leads_to_the_one_that_comes_next(jane_forgot: Forgetful) -> None:
    assert stage_of(jane_forgot.client) == START
    jane_forgot.ask()
    assert stage_of(jane_forgot.client) == NUMBER
    jane_forgot.to_device()
    assert stage_of(jane_forgot.client) == DEVICE
    jane_forgot.prove()
    assert stage_of(jane_forgot.client) == PASSWORD
    jane_forgot.set()
    assert stage_of(jane_forgot.client) == START


@pytest.mark.parametrize("step", [DEVICE, PASSWORD])
def test_no_step_can_be_left_out(jane_forgot: Forgetful, step: str) -> None:
    fields = {"card_values": jane_forgot.answers[1], "password": NEW}
    assert jane_forgot.client.post(step, fields)["Location"] == START
    jane_forgot.ask()
    assert jane_forgot.client.post(step, fields)["Location"] == NUMBER
    if step == PASSWORD:
        jane_forgot.to_device()
        assert jane_forgot.client.post(step, fields)["Location"] == DEVICE
    assert not jane_forgot.changed()


# The number -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("", "Enter the number from our email"),
        ("12345", "has 6 digits. You entered 5."),
        ("12345x", "has digits only"),
    ],
)
def test_a_number_that_cannot_be_one_costs_nothing(
    jane_forgot: Forgetful, entry: str, words: str
) -> None:
    jane_forgot.ask()
    response = jane_forgot.client.post(NUMBER, {"number": entry})
    assert response.status_code == 422
    assert response.content.decode().count(words) == 2
    assert PasswordReset.objects.get().failures == 0


def test_it_is_taken_as_people_type_it(jane_forgot: Forgetful) -> None:
    digits = jane_forgot.ask()
    typed = f" {digits[:3]}-{digits[3:]} "
    assert jane_forgot.client.post(NUMBER, {"number": typed})["Location"] == DEVICE


def test_three_wrong_numbers_end_it_and_the_right_one_comes_too_late(
    jane_forgot: Forgetful,
) -> None:
    digits = jane_forgot.ask()
    for left in ("You have 2 attempts left.", "You have 1 attempt left."):
        response = jane_forgot.client.post(NUMBER, {"number": wrong(digits)})
        assert response.status_code == 422
        assert left in response.content.decode()
    assert jane_forgot.client.post(NUMBER, {"number": wrong(digits)})["Location"] == NUMBER
    page = jane_forgot.client.post(NUMBER, {"number": digits})
    assert "Start again</h1>" in page.content.decode()
    assert SecurityEvent.objects.filter(kind=Event.RESET_NUMBER_REFUSED).count() == 3
    assert not SecurityEvent.objects.filter(kind=Event.RESET_NUMBER_MATCHED).exists()


def test_it_works_for_ten_minutes(jane_forgot: Forgetful, clock: Clock) -> None:
    digits = jane_forgot.ask()
    clock.shift(timedelta(minutes=10) - SECOND)
    assert stage_of(jane_forgot.client) == NUMBER
    clock.shift(SECOND)
    assert stage_of(jane_forgot.client) == "over"
    with pytest.raises(ResetOverError):
        PasswordReset.objects.get().compare(digits)


def test_it_works_once_and_only_where_it_was_asked_for(jane_forgot: Forgetful, jane: User) -> None:
    digits = jane_forgot.ask()
    thief = Client()
    assert thief.post(NUMBER, {"number": digits})["Location"] == START
    thief.post(START, {"username": jane.username})
    assert thief.post(NUMBER, {"number": digits}).status_code == 422, "of another request"
    assert jane_forgot.client.post(NUMBER, {"number": digits})["Location"] == DEVICE
    assert jane_forgot.client.post(NUMBER, {"number": digits})["Location"] == DEVICE
    assert SecurityEvent.objects.filter(kind=Event.RESET_NUMBER_MATCHED).count() == 1
    with pytest.raises(ResetOverError):
        PasswordReset.objects.earliest("pk").compare(digits)


def test_the_session_gets_a_new_key_when_the_number_was_right(jane_forgot: Forgetful) -> None:
    planted = "p" * 32
    jane_forgot.client.cookies[COOKIE] = planted
    digits = jane_forgot.ask()
    before = jane_forgot.client.cookies[COOKIE].value
    assert before != planted
    jane_forgot.client.post(NUMBER, {"number": digits})
    assert jane_forgot.client.cookies[COOKIE].value not in {before, planted}
    thief = Client()
    thief.cookies[COOKIE] = before
    assert thief.get(DEVICE)["Location"] == START


def test_a_fresh_address_gets_no_number(jane_forgot: Forgetful, jane: User, clock: Clock) -> None:
    jane.change_contact(email="thief@evil.example", by=jane)
    client = Client()
    assert client.post(START, {"username": jane.username})["Location"] == NUMBER
    assert not mail.outbox
    clock.shift(timedelta(days=14))
    client.post(START, {"username": jane.username})
    assert [message.to for message in mail.outbox] == [["thief@evil.example"]]


def test_a_key_that_is_gone_makes_the_number_wrong(
    jane_forgot: Forgetful, settings: Settings
) -> None:
    digits = jane_forgot.ask()
    settings.ANSWER_KEYS = [("another", b"k" * 32)]
    assert jane_forgot.client.post(NUMBER, {"number": digits}).status_code == 422


def test_a_mail_server_that_is_down_is_no_error(
    jane_forgot: Forgetful, jane: User, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def down(message: mail.EmailMessage) -> int:
        raise OSError(f"cannot send: {message.body}")

    monkeypatch.setattr(mail.EmailMessage, "send", down)
    response = jane_forgot.client.post(START, {"username": jane.username})
    assert response["Location"] == NUMBER
    assert "number for a forgotten password not sent: OSError" in caplog.text
    assert not re.search(r"\d{3} \d{3}", caplog.text)
