"""The desk in figures: what is counted, for whom, on which day, and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from securelogin.desk.figures import COUNTED, DAYS, figures
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import AUTUMN
from tests.securelogin.desk.timeline_page import URL, many_events, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
FIGURES = f"{URL}figures/"
ZURICH = "Europe/Zurich"
DAY = timedelta(days=1)


@pytest.fixture
def sue(db: None) -> User:
    """A supervisor."""
    return factories.make_staff("sue.supervisor", Role.SUPERVISOR)


@pytest.fixture
def desk(sue: User) -> Client:
    """A supervisor's browser."""
    return factories.client_with_code(sue)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.AGENT, 403), (Role.SENIOR, 403), (Role.SUPERVISOR, 200), (Role.AUDITOR, 200)],
)
def test_supervisors_and_auditors_see_the_figures_and_others_do_not(
    role: Role, status: int
) -> None:
    browser = factories.client_with_code(factories.make_staff("a.person", role))
    assert browser.get(FIGURES).status_code == status
    assert (">Figures</a>" in browser.get(URL).content.decode()) == (status == 200)
    assert browser.post(FIGURES).status_code == (405 if status == 200 else 403)


def test_each_kind_is_counted_for_whoever_did_it(jane: User, sam: User, sue: User) -> None:
    for kind, number in zip(COUNTED, (3, 5, 0, 0, 2, 1), strict=True):
        many_events(number, jane, kind=kind, actor=sam, last=AUTUMN)
    many_events(4, jane, kind=Event.APPROVAL_GIVEN, actor=sue, last=AUTUMN)
    many_events(6, jane, kind=Event.APPROVAL_REFUSED, actor=sue, last=AUTUMN)
    found = figures(AUTUMN, ZURICH)
    assert found.columns == tuple(COUNTED.values())
    assert [(one.agent, one.total.numbers) for one in found.agents] == [
        ("sam.support", (3, 5, 0, 0, 2, 1)),
        ("sue.supervisor", (0, 0, 4, 6, 0, 0)),
    ]
    assert found.total.numbers == (3, 5, 4, 6, 2, 1)


def test_what_clients_and_the_portal_do_for_themselves_is_not_the_desks(jane: User) -> None:
    factories.make_card(jane)
    SecurityEvent.objects.record(Event.DEVICE_ISSUED, jane)
    assert figures(AUTUMN, ZURICH).agents == ()


def test_days_are_those_of_the_reader_and_thirty(jane: User, sam: User) -> None:
    # 00:30 in Zurich is still yesterday in UTC.
    night = AUTUMN.replace(hour=22, minute=30) - DAY
    first = night - (DAYS - 1) * DAY
    for at in (first - timedelta(hours=1), first, night):
        many_events(1, jane, actor=sam, last=at)
    found = figures(AUTUMN, ZURICH)
    assert [line.day and line.day.isoformat() for line in found.days][:: DAYS - 1] == [
        "2025-09-25",
        "2025-10-24",
    ]
    assert len(found.days) == DAYS
    assert [line.numbers[0] for line in found.days] == [1, *[0] * (DAYS - 2), 1]
    assert [line.day and line.day.isoformat() for line in found.agents[0].lines] == [
        "2025-10-24",
        "2025-09-25",
    ]
    # In New York both evenings belong to the day before, and the first is a day too old.
    assert figures(AUTUMN, "America/New_York").total.numbers[0] == 1


def test_an_agent_who_issues_far_more_stands_out_in_words(
    desk: Client, jane: User, sam: User, sue: User
) -> None:
    many_events(9, jane, actor=sam, last=AUTUMN - DAY)
    many_events(2, jane, actor=sue, last=AUTUMN - DAY)
    many_events(2, jane, actor=sam, last=AUTUMN)
    found = figures(AUTUMN, ZURICH)
    assert [(one.agent, one.outlying_days) for one in found.agents] == [
        ("sam.support", 1),
        ("sue.supervisor", 0),
    ]
    assert [line.stands_out for line in found.agents[0].lines] == [False, True]
    page = text_of(desk.get(FIGURES).content.decode())
    assert "at least 5 codes issued, if that is more than 3 times the median" in page
    assert "sam.support 11 0 0 0 0 0 1 day" in page
    assert "23 October 2025 9 0 0 0 0 0 yes" in page
    assert "23 October 2025 2 0 0 0 0 0 no" in page
    assert "11!" in page


def test_the_chart_has_a_title_a_description_and_its_numbers_in_a_table(
    desk: Client, jane: User, sam: User
) -> None:
    many_events(3, jane, actor=sam, last=AUTUMN)
    html = desk.get(FIGURES).content.decode()
    assert 'role="img" aria-labelledby="chart-title chart-desc"' in html
    assert "At most 3 on a day." in html
    assert html.count('class="bar') == 1
    assert "<summary>All agents, day by day</summary>" in html


def test_a_desk_where_nothing_happened_says_so(desk: Client) -> None:
    assert "Nobody issued, approved or unlocked anything." in desk.get(FIGURES).content.decode()


def test_the_number_of_queries_does_not_grow_with_agents_or_events(jane: User, sam: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            figures(AUTUMN, ZURICH)
        return len(queries)

    many_events(1, jane, actor=sam, last=AUTUMN)
    few = cost()
    for number in range(20):
        person = factories.make_staff(f"agent{number}")
        many_events(30, jane, actor=person, last=AUTUMN, apart=DAY)
    assert cost() == few == 2
    assert len(figures(AUTUMN, ZURICH).agents) == 21
