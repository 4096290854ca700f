"""What does not confirm a new e-mail address: wrong, late, used and replaced numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.new_addresses import AddressOverError, NewAddress
from securelogin import keys
from securelogin.events import Event
from tests import factories
from tests.accounts.addresses import (
    CONTACT,
    NEW,
    NEWER,
    NUMBER,
    OLD,
    TEN,
    WRONG_OR_LATE,
    ask,
    enter,
    events,
    in_force,
    numbers_sent,
    sent_to,
    text,
)
from tests.accounts.mailbox import wrong
from tests.securelogin.clock import SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now: its proof is fresh."""
    return factories.client_with_code(jane)


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
