"""Contact data: two addresses and a number, changed with a fresh proof and told everywhere."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import FormerAddress, Session, User
from accounts.new_addresses import NewAddress
from securelogin import notices
from securelogin.desk.models import IdentityCheck
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.accounts.mailbox import FOR_ADDRESS, number_for
from tests.securelogin.clock import SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
URL = "/settings/user/contact/"
OLD, NEW, SECOND_ADDRESS = "jane.sample@mail.example", "jane@new.example", "jane@second.example"
QUIET = timedelta(days=14)
FIVE = timedelta(minutes=5)
CHANGED = "Your contact data were changed"


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now: its proof is fresh."""
    return factories.client_with_code(jane)


def change(client: Client, **fields: str) -> Any:
    """Send the form, what is not named as it was at first; and enter the numbers that came."""
    response = client.post(URL, {"email": OLD, "notify_email": "", "phone": "", **fields})
    for row in NewAddress.objects.all():
        number = number_for(row.address, FOR_ADDRESS)
        assert client.post(f"{URL}{row.which}/", {"number": number}).status_code == 302
    return response


def now(user: User) -> User:
    """The user as stored."""
    return User.objects.get(pk=user.pk)


def values(client: Client) -> dict[str, str]:
    """What stands in the fields of the page."""
    page = client.get(URL).content.decode()
    fields = re.findall(r"<input [^>]*>", page)
    return {
        name[1]: (re.search(r'value="([^"]*)"', field) or ["", ""])[1]
        for field in fields
        if (name := re.search(r'name="(email|notify_email|phone)"', field))
    }


def sent(callbacks: DjangoCaptureOnCommitCallbacks, client: Client, **fields: str) -> list[str]:
    """Who was written to about a change, each in a mail alone."""
    mail.outbox.clear()
    with callbacks(execute=True):
        assert change(client, **fields).status_code == 302
    assert all(len(message.recipients()) == 1 for message in mail.outbox)
    return [message.to[0] for message in mail.outbox if message.subject == CHANGED]


def test_what_is_on_file_stands_in_the_fields(client: Client, jane: User) -> None:
    User.objects.update(notify_email=SECOND_ADDRESS, phone="+41 44 555 01 01")
    assert values(client) == {
        "email": OLD,
        "notify_email": SECOND_ADDRESS,
        "phone": "+41 44 555 01 01",
    }


def test_a_change_is_stored_dated_recorded_and_found(client: Client, jane: User) -> None:
    change(client, email=NEW, notify_email=SECOND_ADDRESS, phone="+41 (0)44 555 01 01")
    user = now(jane)
    assert (user.email, user.notify_email) == (NEW, SECOND_ADDRESS)
    moments = {user.email_since, user.notify_email_since, user.phone_since, user.contact_since}
    assert moments == {timezone.now()}
    events = SecurityEvent.objects.filter(kind=Event.CONTACT_CHANGED).order_by("pk")
    assert {(event.user, event.actor) for event in events} == {(jane, jane)}
    # The desk reads what, never the values.
    words = ["phone number", "email address", "second email address"]
    assert [event.detail for event in events] == [{"what": what} for what in words]
    for term in ("jane@new", "jane@second", "41445550101"):
        assert term in user.search_text


def test_only_what_changed_is_new(client: Client, jane: User) -> None:
    before = now(jane)
    change(client, notify_email=SECOND_ADDRESS)
    after = now(jane)
    assert (after.email_since, after.phone_since) == (before.email_since, before.phone_since)
    assert after.contact_since == after.notify_email_since == timezone.now()


def test_nothing_changed_is_nothing_told(client: Client, jane: User) -> None:
    assert change(client).status_code == 302
    assert now(jane).contact_since < timezone.now()
    assert not SecurityEvent.objects.filter(kind=Event.CONTACT_CHANGED).exists()
    assert not Notice.objects.filter(kind="contact_changed").exists()
    assert not FormerAddress.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": ""}, "Enter an email address"),
        ({"email": "jane"}, "Enter an email address, for example"),
        ({"email": f"{NEW}\nBcc: x@evil.example"}, "Enter an email address, for example"),
        ({"notify_email": "jane@"}, "Enter an email address, for example"),
        ({"notify_email": OLD.upper()}, "Enter another address than the first"),
        ({"phone": "my number"}, "Enter a phone number"),
        ({"phone": "1" * 40}, "Enter a phone number"),
        ({"email": "a" * 250 + "@mail.example"}, "at most 254 characters"),
    ],
)
def test_a_mistake_is_explained_and_the_entry_kept(
    client: Client, jane: User, fields: dict[str, str], words: str
) -> None:
    response = change(client, **fields)
    assert response.status_code == 422
    assert response.content.decode().count(words) >= 2, "in the summary and at the field"
    assert now(jane).contact_since < timezone.now()


# Notices --------------------------------------------------------------------------------------


def test_a_change_is_told_to_the_new_and_the_old_address(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told = sent(django_capture_on_commit_callbacks, client, email=NEW)
    assert sorted(told) == sorted([NEW, OLD])
    for message in (message for message in mail.outbox if message.subject == CHANGED):
        assert "Changed on 24 October 2025, 14:05 (Zurich time): email address." in message.body
        for address in (NEW, OLD):
            assert address not in str(message.body)


def test_whatever_happens_in_the_next_14_days_is_told_to_the_old_address_too(
    client: Client,
    jane: User,
    clock: Clock,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent(django_capture_on_commit_callbacks, client, email=NEW, notify_email=SECOND_ADDRESS)
    assert now(jane).addresses == [NEW, SECOND_ADDRESS, OLD]
    clock.shift(QUIET - SECOND)
    assert now(jane).addresses == [NEW, SECOND_ADDRESS, OLD]
    clock.shift(SECOND)
    assert now(jane).addresses == [NEW, SECOND_ADDRESS]


def test_a_thief_who_changes_it_twice_does_not_get_rid_of_the_owner(
    client: Client,
    jane: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    User.objects.update(notify_email=SECOND_ADDRESS)
    callbacks = django_capture_on_commit_callbacks
    sent(callbacks, client, email="one@evil.example", notify_email="two@evil.example")
    told = sent(callbacks, client, email="three@evil.example", notify_email="")
    assert {OLD, SECOND_ADDRESS} < set(told)


def test_an_address_that_does_not_work_keeps_nothing_from_the_other(
    jane: User,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    User.objects.update(notify_email=SECOND_ADDRESS)
    taken: list[str] = []

    def send(message: mail.EmailMultiAlternatives, *_args: object) -> int:
        if message.to == [OLD] and len(taken) < 2:
            raise OSError("no such mailbox")
        taken.extend(message.to)
        return 1

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
    with django_capture_on_commit_callbacks(execute=True):
        notices.queue("password_changed", jane)
    assert taken == [SECOND_ADDRESS]
    notice = Notice.objects.get()
    assert (notice.sent_at, notice.last_error) == (None, "OSError")
    taken.append("the mailbox works again")
    clock.shift(timedelta(minutes=3))
    assert notices.retry() == 1
    assert taken[2:] == [OLD]


def test_capital_letters_make_no_second_mailbox(jane: User) -> None:
    jane.notify_email = OLD.upper()
    assert len(jane.addresses) == 1


def test_old_addresses_are_forgotten(client: Client, jane: User, clock: Clock) -> None:
    change(client, email=NEW)
    clock.shift(QUIET - SECOND)
    call_command("run_jobs", stdout=StringIO())
    assert FormerAddress.objects.count() == 1
    clock.shift(SECOND)
    call_command("run_jobs", stdout=StringIO())
    assert not FormerAddress.objects.exists()


# Proof ----------------------------------------------------------------------------------------


def test_without_a_fresh_proof_it_is_asked_for_and_the_entries_come_back(
    jane: User, clock: Clock
) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    factories.sign_in(client, jane, digits)
    clock.shift(FIVE)
    where = change(client, email=NEW, phone="+41 44 555 01 01")["Location"]
    assert where.startswith("/login/confirm/?next=")
    assert now(jane).email == OLD
    fields = {"password": factories.PASSWORD, "temporary_code": digits}
    assert client.post(where, fields)["Location"] == URL
    assert values(client) == {"email": NEW, "notify_email": "", "phone": "+41 44 555 01 01"}
    assert now(jane).email == OLD, "coming back changes nothing by itself"
    assert change(client, email=NEW).status_code == 302
    assert now(jane).email == NEW


def test_a_mistake_is_explained_before_a_proof_is_asked_for(client: Client, clock: Clock) -> None:
    clock.shift(FIVE)
    assert change(client, email="jane").status_code == 422
    assert not [row for row in Session.objects.all() if "kept_entries" in row.get_decoded()]


def test_a_fresh_address_proves_nothing_at_the_desk(
    client: Client, jane: User, sam: User, clock: Clock
) -> None:
    change(client, email=NEW, phone="+41 44 555 01 01")
    check = IdentityCheck.objects.start(sam, now(jane))
    assert not check.email_proves
    assert not check.phone_proves
    assert "contact_changed" in [risk.name for risk in check.risks(timezone.now())]
    clock.shift(QUIET)
    check = IdentityCheck.objects.start(sam, now(jane))
    assert check.email_proves
    assert check.phone_proves


def test_a_fresh_second_address_is_a_risk_too(client: Client, jane: User, sam: User) -> None:
    change(client, notify_email=SECOND_ADDRESS)
    check = IdentityCheck.objects.start(sam, now(jane))
    assert check.email_proves
    assert "contact_changed" in [risk.name for risk in check.risks(timezone.now())]
