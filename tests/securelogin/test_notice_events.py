"""What the timeline says of the mails: sent once, or given up once, and nothing that helps a
thief."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from securelogin import notices
from securelogin.desk.timeline import TimelineRow, timeline_rows
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Notice, SecurityEvent, SecurityEventQuerySet
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.mail_server import MailServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]
MAIL = (Event.NOTICE_SENT, Event.NOTICE_GIVEN_UP)


def mails() -> list[TimelineRow]:
    """What the timeline says of mails, the oldest first."""
    events = SecurityEvent.objects.filter(kind__in=MAIL).select_related("actor", "user")
    return timeline_rows(events.order_by("pk"))


def test_a_mail_that_was_sent_is_told_once(jane: User, server: MailServer, clock: Clock) -> None:
    factories.make_code(jane)
    issued = SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED)
    for _ in range(3):
        clock.shift(timedelta(hours=1))
        notices.retry()
    [row] = mails()
    assert row.what == (
        f"E-mail sent: A Temporary Code was issued for your login, about {issued.reference}"
    )
    assert (row.who, row.group, row.needs_look, row.event.user) == ("system", "Mail", False, jane)


def test_a_mail_that_needs_two_tries_is_told_when_it_is_gone(
    jane: User, server: MailServer, clock: Clock
) -> None:
    server.up = False
    factories.make_code(jane)
    assert mails() == []
    server.up = True
    clock.shift(timedelta(hours=1))
    assert notices.retry() == 1
    assert [row.event.kind for row in mails()] == [Event.NOTICE_SENT]


def test_a_mail_is_given_up_once_and_asks_for_a_look(
    jane: User, server: MailServer, clock: Clock
) -> None:
    server.up = False
    factories.make_code(jane)
    for _ in range(20):
        clock.shift(timedelta(days=10))
        notices.retry()
    [row] = mails()
    assert row.what.startswith("E-mail could not be sent: A Temporary Code was issued")
    assert row.needs_look


def test_a_client_without_an_address_is_told_about_at_once_and_never_again(
    jane: User, server: MailServer, clock: Clock
) -> None:
    User.objects.update(email="")
    jane.refresh_from_db()
    factories.make_code(jane)
    assert [row.event.kind for row in mails()] == [Event.NOTICE_GIVEN_UP]
    # The news are not for an address that somebody puts on file later.
    jane.change_contact(email="thief@mail.example")
    clock.shift(timedelta(days=2))
    notices.retry()
    assert "A Temporary Code was issued for your login" not in server.sent


def test_a_mail_that_cannot_be_written_is_given_up_without_its_words(
    jane: User, server: MailServer, clock: Clock
) -> None:
    Notice.objects.create(user=jane, kind="no_such_template")
    for _ in range(20):
        clock.shift(timedelta(days=10))
        notices.retry()
    assert [row.what for row in mails()] == ["E-mail could not be sent"]


def test_a_timeline_that_cannot_be_written_sends_no_mail_twice(
    jane: User, server: MailServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _digits = factories.make_code(jane)
    assert len(server.sent) == 1
    monkeypatch.setattr(notices, "_hand_over", lambda _notice_id: None)
    code.end(EndReason.CANCELLED_BY_STAFF)

    def broken(_events: Any, kind: Event, *_args: Any, **_detail: Any) -> NoReturn:
        assert kind in MAIL
        raise OperationalError("disk full")

    monkeypatch.setattr(SecurityEventQuerySet, "record", broken)
    assert notices.retry() == 1
    monkeypatch.undo()
    clock.shift(timedelta(hours=1))
    assert notices.retry() == 0
    assert not Notice.objects.filter(sent_at=None).exists()


def test_no_address_and_no_code_is_in_what_is_told(jane: User, server: MailServer) -> None:
    _code, digits = factories.make_code(jane)
    server.up = False
    factories.make_code(jane)
    told = str(list(SecurityEvent.objects.filter(kind__in=MAIL).values("title", "detail")))
    assert "A Temporary Code was issued" in told
    assert "@" not in told
    assert digits not in told
    assert jane.username not in told


def test_a_mail_is_the_portals_and_not_the_browsers(jane: User, server: MailServer) -> None:
    _code, digits = factories.make_code(jane)
    browser = Client(REMOTE_ADDR="198.51.100.7", headers={"user-agent": "Firefox/140"})
    factories.sign_in(browser, jane, digits)
    told = SecurityEvent.objects.filter(kind=Event.NOTICE_SENT).latest("pk")
    assert told.detail["subject"] == "First login with your Temporary Code"
    assert (told.network, told.browser) == ("", "")
    login = SecurityEvent.objects.filter(kind=Event.SIGN_IN_COMPLETED).latest("pk")
    assert login.network == "198.51.100.0/24"
