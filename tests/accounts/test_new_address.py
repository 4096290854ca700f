"""A new e-mail address: the old one stays in force until the number that was sent is entered."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Session, User
from accounts.new_addresses import AddressOverError, NewAddress
from securelogin import keys
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, Notice, SecurityEvent
from tests import factories
from tests.accounts.mailbox import FOR_ADDRESS, number_for, wrong
from tests.securelogin.clock import SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
CONTACT = "/settings/user/contact/"
NUMBER = f"{CONTACT}email/"
OLD, NEW, NEWER = "jane.sample@mail.example", "jane@new.example", "jane@newer.example"
TEN = timedelta(minutes=10)
WRONG_OR_LATE = "That number is not correct, or it is too old."


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now: its proof is fresh."""
    return factories.client_with_code(jane)


def ask(client: Client, email: str = NEW, **fields: str) -> str:
    """Save another address; returns where the page leads."""
    known = {"email": email, "notify_email": "", "phone": "", **fields}
    response = client.post(CONTACT, known)
    assert response.status_code == 302, response.content
    return str(response["Location"])


def enter(client: Client, number: str, page: str = NUMBER) -> Any:
    """Enter a number."""
    return client.post(page, {"number": number})


def sent_to(address: str = NEW) -> str:
    """The number that came there last."""
    return number_for(address, FOR_ADDRESS)


def numbers_sent() -> int:
    """How many, to whatever address."""
    return sum(message.subject == FOR_ADDRESS for message in mail.outbox)


def in_force() -> tuple[str, str]:
    """Both addresses on file."""
    user = User.objects.get(username="jane.sample")
    return user.email, user.notify_email


def text(client: Client, url: str) -> str:
    """A page."""
    return " ".join(client.get(url).content.decode().split())


def events(kind: Event) -> list[dict[str, Any]]:
    """The facts of each event of a kind."""
    return [event.detail for event in SecurityEvent.objects.filter(kind=kind).order_by("pk")]


# The way --------------------------------------------------------------------------------------


def test_the_old_address_stays_until_the_number_is_entered(client: Client, jane: User) -> None:
    before = jane.email_since
    assert ask(client) == NUMBER
    assert in_force() == (OLD, "")
    assert User.objects.get(pk=jane.pk).email_since == before
    for page in (NUMBER, CONTACT):
        assert NEW in text(client, page)
        assert "Send again" in text(client, page)
        assert "Withdraw" in text(client, page)
    assert "A new email address waits for its number" in text(client, "/settings/user/")
    response = enter(client, sent_to())
    assert response["Location"] == "/settings/user/"
    assert in_force() == (NEW, "")
    assert User.objects.get(pk=jane.pk).email_since == timezone.now()
    page = text(client, "/settings/user/")
    assert "Your new address is confirmed." in page
    assert "waits for its number" not in page


def test_the_old_address_hears_of_it_at_the_request_and_the_new_one_once_it_counts(
    client: Client,
    jane: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        ask(client)
    told = [(message.subject, message.to) for message in mail.outbox]
    asked = "Somebody wants to change your contact data"
    assert sorted(told) == [(asked, [OLD]), (FOR_ADDRESS, [NEW])]
    assert jane.addresses == [OLD]
    number = sent_to()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        enter(client, number)
    told = [(message.subject, message.to) for message in mail.outbox]
    assert sorted(told) == [("Your contact data were changed", [to]) for to in (OLD, NEW)]


def test_both_addresses_wait_each_for_its_own_number(client: Client) -> None:
    ask(client, notify_email=NEWER, phone="+41 44 555 01 01")
    assert User.objects.get(username="jane.sample").phone == "+41 44 555 01 01"
    assert enter(client, sent_to(NEWER)).status_code == 422, "the number of the other one"
    second = f"{CONTACT}notify_email/"
    assert enter(client, sent_to())["Location"] == second
    assert in_force() == (NEW, "")
    assert enter(client, sent_to(NEWER), second)["Location"] == "/settings/user/"
    assert in_force() == (NEW, NEWER)


def test_taking_the_second_off_needs_no_number(client: Client) -> None:
    User.objects.update(notify_email=NEWER)
    assert ask(client, OLD, notify_email=NEW) == f"{CONTACT}notify_email/"
    assert ask(client, OLD, notify_email="") == "/settings/user/"
    assert in_force() == (OLD, "")
    assert not NewAddress.objects.exists(), "nor does another one wait to take its place"


def test_what_happens_is_recorded_without_the_address(client: Client) -> None:
    ask(client)
    enter(client, wrong(sent_to()))
    enter(client, sent_to())
    ask(client, NEWER)
    client.post(f"{NUMBER}withdraw/")
    what = {"what": "email address"}
    assert events(Event.CONTACT_ASKED) == [what, what]
    assert events(Event.CONTACT_NUMBER_REFUSED) == [{"failures": 1}]
    assert events(Event.CONTACT_CHANGED) == [what]
    assert events(Event.CONTACT_WITHDRAWN) == [what]


def test_the_number_is_written_down_nowhere(client: Client) -> None:
    ask(client)
    number = sent_to()
    row = NewAddress.objects.get()
    told = [str(vars(row)), str(SecurityEvent.objects.values()), str(Notice.objects.values())]
    told += [str(session.get_decoded()) for session in Session.objects.all()]
    assert not [kept for kept in told if number in kept]
    assert (len(bytes(row.salt)), len(bytes(row.digest))) == (keys.SALT_BYTES, keys.DIGEST_BYTES)


def test_the_mail_with_the_number_tells_a_stranger_nothing(client: Client, jane: User) -> None:
    ask(client)
    (message,) = (message for message in mail.outbox if message.subject == FOR_ADDRESS)
    number = sent_to()
    body = str(message.body)
    assert f"{number[:3]} {number[3:]}" in body
    for absent in (jane.username, jane.first_name, jane.last_name, OLD, "http", "www.", "{"):
        assert absent not in body


# What does not count --------------------------------------------------------------------------


def test_a_wrong_and_a_late_number_get_the_same_answer_after_the_same_work(
    client: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    digest = keys.digest

    def counting(answer: str, *args: Any) -> bytes:
        hashed.append(answer)
        return digest(answer, *args)

    monkeypatch.setattr(keys, "digest", counting)
    ask(client)
    number = sent_to()
    clock.shift(TEN)
    hashed.clear()
    late = enter(client, number)
    assert hashed == [number]
    hashed.clear()
    refused = enter(client, wrong(number))
    assert hashed == [wrong(number)]
    for response, left in ((late, 2), (refused, 1)):
        assert response.status_code == 422
        page = response.content.decode()
        assert page.count(WRONG_OR_LATE) == 2, "in the summary and at the field"
        assert f"You have {left} attempt" in page
    assert in_force() == (OLD, "")


def test_it_counts_for_ten_minutes_to_the_second(client: Client, clock: Clock) -> None:
    ask(client)
    clock.shift(TEN - SECOND)
    assert enter(client, sent_to()).status_code == 302
    assert in_force() == (NEW, "")


@pytest.mark.parametrize("by", [timedelta(minutes=2), timedelta(days=3)])
def test_a_number_from_the_future_does_not_count(
    client: Client, clock: Clock, by: timedelta
) -> None:
    ask(client)
    clock.shift(-by)
    NewAddress.objects.get().user.sessions.update(expire_date=timezone.now() + TEN)
    assert NewAddress.objects.waiting(NewAddress.objects.get().user) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("", "Enter the number from our email"),
        ("12345x", "The number has digits only."),
        ("12345", "The number has 6 digits. You entered 5."),
    ],
)
def test_what_is_no_number_is_explained_and_does_not_count(
    client: Client, entry: str, words: str
) -> None:
    ask(client)
    response = enter(client, entry)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert NewAddress.objects.get().failures == 0


def test_after_three_wrong_numbers_it_has_to_be_asked_for_anew(client: Client) -> None:
    ask(client)
    number = sent_to()
    for _attempt in range(2):
        assert enter(client, wrong(number)).status_code == 422
    # Another number does not bring more attempts.
    client.post(f"{NUMBER}send/")
    assert enter(client, wrong(sent_to()))["Location"] == NUMBER
    assert "the number was entered wrongly too often" in text(client, NUMBER)
    assert not NewAddress.objects.exists()
    assert enter(client, sent_to()).status_code == 200, "there is nothing it would fit"
    assert in_force() == (OLD, "")


def test_only_the_newest_of_two_changes_counts(client: Client) -> None:
    ask(client)
    first = sent_to()
    ask(client, NEWER)
    assert NewAddress.objects.get().address == NEWER
    assert enter(client, first).status_code == 422
    assert enter(client, sent_to(NEWER)).status_code == 302
    assert in_force() == (NEWER, "")


def test_only_the_newest_number_counts(client: Client) -> None:
    ask(client)
    first = sent_to()
    response = client.post(f"{NUMBER}send/", follow=True)
    assert "We sent another number." in response.content.decode()
    assert enter(client, first).status_code == 422
    assert enter(client, sent_to()).status_code == 302


def test_a_number_serves_once(client: Client) -> None:
    ask(client)
    number = sent_to()
    enter(client, number)
    ask(client, OLD)
    assert enter(client, number).status_code == 422
    assert in_force() == (NEW, "")


def test_the_same_wish_sent_twice_is_one(client: Client) -> None:
    ask(client)
    number = sent_to()
    assert ask(client) == "/settings/user/"
    assert (numbers_sent(), len(events(Event.CONTACT_ASKED))) == (1, 1)
    assert enter(client, number).status_code == 302


def test_saving_the_rest_leaves_it_waiting(client: Client) -> None:
    ask(client)
    ask(client, OLD, phone="+41 44 555 01 01")
    assert NewAddress.objects.get().address == NEW


def test_withdrawn_it_is_forgotten(client: Client) -> None:
    ask(client)
    number = sent_to()
    response = client.post(f"{NUMBER}withdraw/", follow=True)
    page = response.content.decode()
    assert "Nothing was changed." in page
    assert NEW not in page
    assert "No address waits here" in text(client, NUMBER)
    assert enter(client, number).status_code == 200
    client.post(f"{NUMBER}withdraw/")
    assert len(events(Event.CONTACT_WITHDRAWN)) == 1
    assert in_force() == (OLD, "")


def test_it_waits_for_a_day_and_is_then_deleted(client: Client, jane: User, clock: Clock) -> None:
    ask(client)
    clock.shift(timedelta(days=1) - SECOND)
    call_command("run_jobs", verbosity=0)
    assert NewAddress.objects.waiting(jane)
    clock.shift(SECOND)
    assert not NewAddress.objects.waiting(jane)
    with pytest.raises(AddressOverError):
        NewAddress.objects.get().send()
    call_command("run_jobs", verbosity=0)
    assert not NewAddress.objects.exists()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"email": OLD, "notify_email": NEW.upper()}, 422),
        ({"email": NEWER, "notify_email": NEW}, 302),
    ],
)
def test_the_two_are_different_mailboxes_once_all_is_confirmed(
    client: Client, fields: dict[str, str], status: int
) -> None:
    ask(client)
    assert client.post(CONTACT, {"phone": "", **fields}).status_code == status


# Who ------------------------------------------------------------------------------------------


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
