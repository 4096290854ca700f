"""Pages of the timeline: cut by position, so that nothing is lost, doubled or slow."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from securelogin.desk.found_events import ROWS, Cursor, Wanted, batches, page_of
from tests import factories
from tests.securelogin.desk.timeline_page import URL, follow, link, many_events, rows

A_WHILE_AGO = datetime(2025, 6, 1, tzinfo=UTC)


def tickets(response: object) -> list[str]:
    """The tickets of the rows, from top to bottom."""
    return re.findall(r"ticket (n\d+)", " ".join(rows(response)))


@pytest.fixture
def desk(sam: User) -> Client:
    """An agent's browser."""
    return factories.client_with_code(sam)


@given(
    at=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    pk=st.integers(1, 10**18 - 1),
)
def test_a_position_survives_its_address(at: datetime, pk: int) -> None:
    assert Cursor.parse(str(Cursor(at, pk))) == Cursor(at, pk)


@pytest.mark.parametrize("text", ["", "1", "-1-1", "1-", "1-1 ", "1-1\n", "１-１", "a-b", "1" * 40])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        Cursor.parse(text)


@pytest.mark.django_db
def test_older_and_newer_lead_through_all_rows_and_back(desk: Client, jane: User) -> None:
    many_events(120, jane, last=A_WHILE_AGO)
    query = "?since=2025-05-01&until=2025-07-01"
    first = desk.get(URL + query)
    second = follow(desk, first, "Older")
    third = follow(desk, second, "Older")
    everything = [number for page in (first, second, third) for number in tickets(page)]
    assert everything == [f"n{n}" for n in range(119, -1, -1)]
    assert (link(first, "Newer"), link(first, "Newest"), link(third, "Older")) == ("", "", "")
    assert tickets(follow(desk, third, "Newer")) == tickets(second)
    back = follow(desk, follow(desk, third, "Newer"), "Newer")
    assert tickets(back) == tickets(first)
    assert link(back, "Newer") == ""
    assert tickets(follow(desk, third, "Newest")) == tickets(first)


@pytest.mark.django_db
def test_rows_that_are_appended_meanwhile_move_nothing(desk: Client, jane: User) -> None:
    many_events(2 * ROWS, jane, last=A_WHILE_AGO)
    first = desk.get(f"{URL}?client={jane.pk}&group=temporary-code&since=2025-05-01")
    wanted = Wanted(client=jane)
    page = page_of(wanted)
    older = page_of(wanted, before=page.older)
    many_events(30, jane)
    assert page_of(wanted, before=page.older).events == older.events
    assert first.status_code == 200


@pytest.mark.django_db
def test_events_of_the_same_moment_are_neither_lost_nor_doubled(jane: User) -> None:
    many_events(2 * ROWS + 7, jane, last=A_WHILE_AGO, apart=timedelta())
    wanted, seen = Wanted(client=jane), []
    page = page_of(wanted)
    while True:
        seen += [event.pk for event in page.events]
        if page.older is None:
            break
        page = page_of(wanted, before=page.older)
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 2 * ROWS + 7
    assert [e.pk for batch in batches(wanted, 20) for e in batch] == sorted(seen)


@pytest.mark.django_db
def test_a_position_beyond_the_end_shows_the_newest_again(desk: Client, jane: User) -> None:
    many_events(3, jane, last=A_WHILE_AGO)
    query = f"client={jane.pk}&since=2025-05-01&until=2025-07-01"
    beyond = desk.get(f"{URL}?{query}&after={Cursor(datetime(2026, 1, 1, tzinfo=UTC), 1)}")
    assert tickets(beyond) == ["n2", "n1", "n0"]
    before = desk.get(f"{URL}?{query}&before={Cursor(datetime(2001, 1, 1, tzinfo=UTC), 1)}")
    assert tickets(before) == []
    assert tickets(follow(desk, before, "Newest")) == ["n2", "n1", "n0"]


@pytest.mark.django_db
def test_the_last_of_two_hundred_pages_costs_as_much_as_the_first(desk: Client, jane: User) -> None:
    events = many_events(10_000, jane, last=A_WHILE_AGO)
    desk.get(URL)  # permissions and content types are read once for each process

    def cost(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"{URL}{query}").status_code == 200
        return len(queries)

    first = cost("")
    assert cost(f"?before={Cursor.of(events[60])}") == first
    assert cost(f"?after={Cursor.of(events[60])}") == first
    assert cost(f"?before={Cursor.of(events[0])}") == first
    assert "OFFSET" not in str(Wanted().events().query)
