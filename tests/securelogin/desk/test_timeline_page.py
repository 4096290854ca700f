"""The page of the timeline: who may read it, what it shows, and how it finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.desk.timeline_page import URL, link, many_events, rows, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(sam: User) -> Client:
    """An agent's browser."""
    return factories.client_with_code(sam)


@pytest.mark.parametrize("role", Role)
def test_everybody_at_the_desk_reads_the_timeline(role: Role, jane: User) -> None:
    person = factories.make_staff("a.person", role)
    SecurityEvent.objects.record(Event.LOGGED_OUT, jane, actor=jane)
    response = factories.client_with_code(person).get(URL)
    assert response.status_code == 200
    assert any("Jane Sample client Logged out" in row for row in rows(response))


def test_staff_without_a_role_and_clients_do_not_read_it(jane: User) -> None:
    nobody = factories.make_user("no.role", is_staff=True)
    assert factories.client_with_code(nobody).get(URL).status_code == 403
    assert factories.client_with_code(jane).get(URL).status_code == 302


def test_nothing_changes_an_event_and_no_page_of_django_shows_one(desk: Client, sam: User) -> None:
    event = SecurityEvent.objects.first()
    assert event is not None
    assert desk.post(URL, {"action": "delete_selected"}).status_code == 405
    for path in ("add/", f"{event.pk}/", f"{event.pk}/change/", f"{event.pk}/delete/"):
        assert desk.get(f"{URL}{path}").status_code == 404
        assert desk.post(f"{URL}{path}").status_code == 404


def test_a_row_says_when_who_what_and_from_where(clock: Clock, desk: Client, jane: User) -> None:
    SecurityEvent.objects.record(Event.LOGGED_OUT, jane, actor=jane)
    assert rows(desk.get(f"{URL}?client={jane.pk}&group=logins"))[0].startswith(
        "24 October 2025, 14:05 (Zurich time) client Logged out"
    )


def test_hostile_names_and_tickets_stay_text(desk: Client, jane: User, sam: User) -> None:
    User.objects.filter(pk=jane.pk).update(first_name="<script>go()</script>")
    jane.refresh_from_db()
    SecurityEvent.objects.record(
        Event.APPROVAL_REFUSED, jane, actor=sam, reason="<img src=x onerror=go()>\u202egnp.exe"
    )
    html = desk.get(URL).content.decode()
    assert "&lt;script&gt;go()" in html
    assert "&lt;img src=x" in html
    assert "<script>go" not in html
    assert "\u202e" not in html


def test_what_needs_a_look_says_so_in_words(desk: Client, jane: User, sam: User) -> None:
    SecurityEvent.objects.record(Event.CHECK_REFUSED, jane, actor=sam)
    SecurityEvent.objects.record(Event.CHECK_MATCHED, jane, actor=sam)
    matched, refused = rows(desk.get(f"{URL}?group=staff"))
    assert "Needs a look: Wrong check number read back" in refused
    assert "Needs a look" not in matched


# Finding --------------------------------------------------------------------------------------


def found(desk: Client, query: str) -> list[str]:
    """The rows that a filter leaves."""
    response = desk.get(f"{URL}?{query}")
    assert response.status_code == 200, query
    return rows(response)


def test_filters_leave_what_was_asked_for(
    desk: Client, jane: User, mallory: User, sam: User
) -> None:
    event = SecurityEvent.objects.record(Event.CALLED_BACK, jane, actor=sam)
    SecurityEvent.objects.record(Event.LOGGED_OUT, mallory, actor=mallory)
    for query in (
        f"client={jane.pk}&group=staff",
        "staff=sam.support&group=staff",
        "staff=Sam.Support+&group=staff",
        f"reference={event.reference}",
        f"reference={event.reference.lower().replace('-', '+')}",
        f"client={jane.pk}&staff=sam.support&group=staff&reference={event.reference}",
    ):
        told = [row for row in found(desk, query) if "Record opened" not in row]
        assert len(told) == 1, query
        assert "Called back on the number on file" in told[0]
    assert found(desk, f"client={mallory.pk}&staff=sam.support&group=approvals") == []


def test_each_device_type_is_a_group_of_its_own(desk: Client, jane: User) -> None:
    factories.make_card(jane)
    page = desk.get(URL)
    for words in ("Temporary Codes", "Online Security Code Cards"):
        title = words.removesuffix("s")
        told = found(desk, link(page, words).removeprefix("?"))
        assert told
        assert all(title in row for row in told), words


def test_days_are_those_of_the_reader(desk: Client, jane: User, sam: User) -> None:
    # 22:30 UTC is the next day in Zurich and the day before in New York.
    many_events(1, jane, last=datetime(2025, 7, 1, 22, 30, tzinfo=UTC))
    day = "since=2025-07-{0}&until=2025-07-{0}"
    assert len(found(desk, day.format("02"))) == 1
    assert found(desk, day.format("01")) == []
    User.objects.filter(pk=sam.pk).update(time_zone="America/New_York")
    assert len(found(desk, day.format("01"))) == 1


def test_a_clients_moments_are_told_in_both_zones(clock: Clock, desk: Client, jane: User) -> None:
    User.objects.filter(pk=jane.pk).update(time_zone="America/New_York")
    many_events(1, jane, last=AUTUMN)
    _opened, row = found(desk, f"client={jane.pk}")
    assert "14:05 (Zurich time) Client: 24 October 2025, 08:05 (New York time)" in row
    User.objects.filter(pk=jane.pk).update(time_zone="Europe/Zurich")
    assert "Client:" not in found(desk, f"client={jane.pk}")[0]


def test_reading_one_clients_timeline_is_recorded_once_a_call(
    clock: Clock, desk: Client, jane: User
) -> None:
    opened = SecurityEvent.objects.filter(kind=Event.RECORD_OPENED, user=jane)
    for query in ("", "&group=logins", "&staff=sam.support"):
        desk.get(f"{URL}?client={jane.pk}{query}")
    assert opened.count() == 1
    clock.shift(timedelta(minutes=31))
    factories.client_with_code(User.objects.get(username="sam.support")).get(
        f"{URL}?client={jane.pk}"
    )
    assert opened.count() == 2


# What cannot be understood --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("since=yesterday", "Enter the date “From” as 2026-07-24."),
        ("until=2025-02-30", "Enter the date “To” as 2026-07-24."),
        ("since=1066-10-14", "Enter a date between 2000 and 2099."),
        ("until=9999-12-31", "Enter a date between 2000 and 2099."),
        ("since=2025-07-02&until=2025-07-01", "Enter a last day that is not before the first."),
        ("staff=nobody.here", "Nobody has this user name."),
        ("staff=" + "x" * 200, "Ensure this value has at most 150 characters"),
        ("reference=hello", "Enter a reference like A7-2210."),
        ("client=99999999", "There is no such client."),
        ("client=" + "9" * 40, "This address asks for events that cannot be found."),
        ("client=jane", "This address asks for events that cannot be found."),
        ("client=-1", "This address asks for events that cannot be found."),
        ("group=passwords", "This address asks for events that cannot be found."),
        ("before=1-2-3", "This address asks for events that cannot be found."),
        ("after=999999999999999999-1", "This address asks for events that cannot be found."),
        ("before=" + "1" * 50, "This address asks for events that cannot be found."),
    ],
)
def test_a_filter_that_makes_no_sense_gets_a_message(
    desk: Client, query: str, message: str
) -> None:
    response = desk.get(f"{URL}?{query}&staff_more=1")
    assert response.status_code == 422
    html = response.content.decode()
    assert "There is a problem" in html
    assert message in text_of(html)
    assert rows(response) == []


def test_what_was_typed_is_kept_beside_the_message(desk: Client) -> None:
    html = desk.get(f"{URL}?since=yesterday&staff=no.one&reference=A7-2210").content.decode()
    # A calendar of the browser would drop what is no date.
    assert '<input type="text" name="since" value="yesterday"' in html
    assert '<input type="date" name="until"' in html
    for entry in ('value="no.one"', 'value="A7-2210"'):
        assert entry in html
    assert 'href="#id_since"' in html
    assert "Error: Timeline" in html


def test_a_zero_byte_is_refused_without_a_look_at_the_database(desk: Client) -> None:
    assert desk.get(f"{URL}?staff=%00").status_code == 400


def test_nothing_found_says_so(desk: Client) -> None:
    response = desk.get(f"{URL}?group=approvals")
    assert "Nothing was found with these filters." in response.content.decode()
    assert link(response, "Older") == ""
