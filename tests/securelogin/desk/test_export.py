"""The export: for auditors and supervisors, complete, on record, and harmless to open."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from securelogin.desk import export
from securelogin.desk.roles import Role
from securelogin.desk.timeline import timeline_rows
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.desk.timeline_page import URL, many_events, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
EXPORT = f"{URL}export/"
OCTOBER = {"since": "2025-10-01", "until": "2025-10-31"}


@pytest.fixture
def arno(clock: Clock) -> Client:
    """An auditor's browser, after the login."""
    browser = factories.client_with_code(factories.make_staff("arno.auditor", Role.AUDITOR))
    clock.shift(timedelta(minutes=1))
    return browser


def read(response: Any) -> list[dict[str, str]]:
    """The rows of a file, by the names of the columns."""
    assert response.status_code == 200, response.content
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.AGENT, 403), (Role.SENIOR, 403), (Role.SUPERVISOR, 200), (Role.AUDITOR, 200)],
)
def test_auditors_and_supervisors_export_and_others_do_not(role: Role, status: int) -> None:
    person = factories.make_staff("a.person", role)
    browser = factories.client_with_code(person)
    offered = "Export as CSV" in browser.get(URL).content.decode()
    assert offered == (status == 200)
    assert browser.post(EXPORT, OCTOBER).status_code == status
    assert browser.get(EXPORT, OCTOBER).status_code == (405 if status == 200 else 403)
    refused = SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED, actor=person)
    assert refused.count() == (status == 403)


def test_the_file_holds_what_the_page_shows(
    arno: Client, jane: User, sam: User, clock: Clock
) -> None:
    event = SecurityEvent.objects.record(Event.CALLED_BACK, jane, actor=sam)
    clock.shift(timedelta(minutes=1))
    # The record of this first export is none of the second one's events: it is nobody's.
    arno.post(EXPORT, OCTOBER)
    [row] = read(arno.post(EXPORT, {**OCTOBER, "client": jane.pk, "group": "staff"}))
    assert row == {
        "reference": event.reference,
        "at": "2025-10-24T12:06:00.000000Z",
        "kind": "Called back on the number on file",
        "who": "sam.support",
        "client": "jane.sample",
        "what": timeline_rows([event])[0].what,
        "network": "",
        "browser": "",
        "chain": event.chain,
        "sequence": str(event.sequence),
        "digest": bytes(event.digest).hex(),
    }


def test_the_export_is_on_record_before_its_first_row(arno: Client, jane: User, sam: User) -> None:
    many_events(3, jane, last=AUTUMN)
    response = arno.post(EXPORT, {**OCTOBER, "client": jane.pk, "staff": "sam.support"})
    event = SecurityEvent.objects.get(kind=Event.TIMELINE_EXPORTED)
    assert (event.user, event.actor and event.actor.username) == (jane, "arno.auditor")
    assert timeline_rows([event])[0].what == (
        "Timeline exported: 1 October 2025 to 31 October 2025 (Zurich time), only staff member "
        "sam.support"
    )
    assert read(response) == []


def test_a_file_has_no_personal_data_in_its_name_and_is_kept_nowhere(
    arno: Client, jane: User
) -> None:
    response = arno.post(EXPORT, {**OCTOBER, "client": jane.pk})
    disposition = 'attachment; filename="timeline-2025-10-01-to-2025-10-31.csv"'
    assert response["Content-Disposition"] == disposition
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]


def test_the_days_are_those_of_the_reader(arno: Client, jane: User) -> None:
    # 23:30 and 00:30 in Zurich.
    late = AUTUMN.replace(hour=21, minute=30) - timedelta(days=3)
    many_events(2, jane, last=late + timedelta(hours=1), apart=timedelta(hours=1))
    day = {"since": "2025-10-21", "until": "2025-10-21", "client": jane.pk}
    assert [row["at"] for row in read(arno.post(EXPORT, day))] == ["2025-10-21T21:30:00.000000Z"]


def test_hostile_words_are_text_in_a_spreadsheet(arno: Client, sam: User, clock: Clock) -> None:
    evil = factories.make_user("=hyperlink(0)")
    SecurityEvent.objects.record(Event.CONTACT_CHANGED, evil, actor=sam, what='=cmd|"/C calc"!A0')
    clock.shift(timedelta(minutes=1))
    row = next(row for row in read(arno.post(EXPORT, OCTOBER)) if row["kind"].startswith("Contact"))
    assert row["client"] == "'=hyperlink(0)"
    assert row["what"].startswith("Contact data changed: =cmd")


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({}, "Enter the first day of the export."),
        ({"since": "2025-01-01"}, "Enter the last day of the export."),
        ({"since": "2025-01-01", "until": "2026-01-02"}, "Choose at most 366 days at a time."),
        ({"since": "2025-01-02", "until": "2025-01-01"}, "Enter a last day that is not before"),
        ({"since": "soon", "until": "2025-01-01"}, "Enter the date “From” as 2026-07-24."),
        ({**OCTOBER, "staff": "no.one"}, "Nobody has this user name."),
        ({**OCTOBER, "reference": "a\0b"}, "Null characters are not allowed."),
        ({**OCTOBER, "client": "9" * 30}, "This address asks for events that cannot be found."),
    ],
)
def test_without_a_range_of_days_there_is_a_message_and_nothing_is_lost(
    arno: Client, days: dict[str, str], message: str
) -> None:
    response = arno.post(EXPORT, {"group": "staff", **days})
    assert response.status_code == 422
    html = response.content.decode()
    assert message in text_of(html)
    assert '<input type="hidden" name="group" value="staff" id="export_group"' in html
    for name in {"since", "until"} & days.keys():
        assert f'name="{name}" value="{days[name]}"' in html
    assert not SecurityEvent.objects.filter(kind=Event.TIMELINE_EXPORTED).exists()


def test_a_year_of_366_days_is_not_too_long(arno: Client) -> None:
    leap_year = {"since": "2024-01-01", "until": "2024-12-31"}
    assert read(arno.post(EXPORT, leap_year)) == []


def test_a_thousand_rows_cost_three_queries(
    arno: Client, jane: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 50)
    many_events(220, jane, actor=sam, last=AUTUMN)
    response = arno.post(EXPORT, {**OCTOBER, "client": jane.pk})
    with CaptureQueriesContext(connection) as queries:
        found = read(response)
    assert [row["what"].rpartition("ticket ")[2] for row in found] == [f"n{n}" for n in range(220)]
    assert len(queries) == 3 * 5
