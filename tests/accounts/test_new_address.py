"""A new e-mail address: the old one stays in force until the number that was sent is entered."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Session, User
from accounts.new_addresses import NewAddress
from securelogin import keys
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.accounts.addresses import (
    CONTACT,
    NEW,
    NEWER,
    NUMBER,
    OLD,
    ask,
    enter,
    events,
    in_force,
    sent_to,
    text,
)
from tests.accounts.mailbox import FOR_ADDRESS, wrong

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now: its proof is fresh."""
    return factories.client_with_code(jane)


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
