"""Rows of the timeline: who did what, from where, of everything that the portal really records."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.roles import Role
from securelogin.desk.timeline import TimelineRow, timeline_rows
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.issuing import Reason, details
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import Clock

pytestmark = pytest.mark.django_db


def rows_of(client: User | None = None) -> list[TimelineRow]:
    """The oldest first, as a story is told."""
    events = SecurityEvent.objects.select_related("user", "actor").order_by("pk")
    return timeline_rows(events.filter(user=client) if client else events, client)


def told(client: User) -> list[tuple[str, str]]:
    """Who and what."""
    return [(row.who, row.what) for row in rows_of(client)]


def test_a_call_reads_as_a_story(jane: User, sam: User) -> None:
    jane.change_contact(phone="+00 000 000 109")
    check = IdentityCheck.objects.start(sam, jane)
    check.record_document(IdentityCheck.Document.PASSPORT, IdentityCheck.SeenHow.ON_VIDEO)
    check.note_pressure()
    sue = factories.make_staff("sue.supervisor", Role.SUPERVISOR)
    approval = Approval.objects.ask(
        "issue",
        jane,
        requester=sam,
        check=check,
        risks=TemporaryCode.objects.risks(jane, timezone.now(), check),
        details=details(Reason.AWAY, "88121", ""),
        request_id=uuid4(),
    )
    approval.decide(sue, approve=True, reason="called the branch")
    code, _digits = TemporaryCode.objects.issue(
        jane,
        by=sam,
        reason=Reason.AWAY,
        ticket="88121",
        request_id=uuid4(),
        check=check,
        approval=approval,
    )
    code.confirm_read_back(sam)
    code.end(EndReason.CANCELLED_BY_STAFF, by=sam, note="asked for")
    assert told(jane) == [
        ("system", "Contact data changed: phone number"),
        ("sam.support", "Document seen: passport, on video"),
        ("sam.support", "Caller sounded under pressure, or was being told what to say"),
        (
            "sam.support",
            "Approval asked to issue a Temporary Code: contact data changed lately; caller "
            "sounded under pressure, ticket 88121",
        ),
        (
            "sue.supervisor",
            "Approval given to issue a Temporary Code, asked by sam.support, reason: called the "
            "branch",
        ),
        (
            "sam.support",
            "Temporary Code issued, reason A (away from device), ticket 88121, document seen, "
            "approved by sue.supervisor",
        ),
        ("sam.support", "Temporary Code read back correctly"),
        ("sam.support", "Temporary Code ended: cancelled by Client Services, note: asked for"),
    ]


def test_a_clients_way_to_a_card_reads_as_a_story(jane: User) -> None:
    code = TemporaryCode.objects.issue_on_server(jane, reason=Reason.LOST, ticket="T-1")[0]
    card, answers = factories.make_card(jane, active=False, code=code)
    card.keep(SecurityCard.Kept.PDF)
    wrong = "".join(str(9 - int(digit)) for digit in answers[0])
    card.activate(wrong)
    card.activate(answers[0])
    title = card.title
    assert told(jane) == [
        ("system", "Temporary Code issued, reason B (lost device), ticket T-1"),
        ("client", f"{title} issued"),
        ("client", f"{title} kept: PDF"),
        ("client", f"{title}: wrong digits at activation (1 of 5)"),
        ("client", "Temporary Code ended: replaced"),
        ("client", f"{title} activated"),
    ]


def test_a_login_is_told_with_its_source(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    browser = Client(REMOTE_ADDR="198.51.100.7", headers={"user-agent": "Firefox/140"})
    factories.sign_in(browser, jane, "000000000")
    clock.shift(timedelta(seconds=2))
    factories.sign_in(browser, jane, digits)
    rows = rows_of(jane)
    assert ("client", "Wrong answer at login with Temporary Code (1 of 10)") in told(jane)
    assert rows[-1].what == "Logged in with Temporary Code"
    assert rows[-1].source == "198.51.100.0/24 Firefox"
    assert (rows[0].source, rows[0].who) == ("", "system")


def test_no_row_of_a_real_story_holds_a_stored_value(jane: User, sam: User) -> None:
    factories.make_check(sam, jane)
    factories.make_code(jane)
    factories.make_code(jane)
    rows = rows_of()
    assert len(rows) >= 4
    assert not [row.what for row in rows if "_" in row.what]


def test_staff_who_look_into_their_own_record_do_it_as_staff(sam: User) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, sam, actor=sam)
    SecurityEvent.objects.record(Event.LOGGED_OUT, sam, actor=sam)
    assert [row.who for row in rows_of(sam)] == ["sam.support", "client"]
    assert [row.who for row in rows_of()] == ["sam.support", "client"]


def test_a_row_belongs_to_its_device_type_or_to_its_subject(jane: User, sam: User) -> None:
    factories.make_card(jane)
    SecurityEvent.objects.record(Event.LOGGED_OUT, jane, actor=jane)
    groups = [row.group for row in rows_of(jane)]
    assert set(groups) == {"Temporary Codes", "Online Security Code Cards", "Logins"}


def test_an_event_of_another_release_is_no_error(jane: User) -> None:
    SecurityEvent.objects.record("moon:landed", jane)  # type: ignore[arg-type]
    [row] = rows_of(jane)
    assert row.what == "An event that this version has no words for"


def test_hostile_names_cannot_change_the_line(jane: User) -> None:
    User.objects.filter(pk=jane.pk).update(first_name="Jane\u202e", last_name="\r\nAdmin")
    jane.refresh_from_db()
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    [row] = rows_of()
    assert row.client == "Jane Admin"
