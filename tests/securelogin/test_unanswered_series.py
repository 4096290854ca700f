"""Which series of questions left alone is due, whenever the job looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.events import Event
from securelogin.unanswered import due_series

P, S, C = Event.PASSWORD_ACCEPTED, Event.SIGN_IN_COMPLETED, Event.CHALLENGES_UNANSWERED
KINDS = {"P": P, "S": S, "C": C}
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIFE, ALERT = 5 * MINUTE, 3
Found = list[tuple[str, datetime]]

# What happens next, and after how many minutes.
histories = st.lists(st.tuples(st.sampled_from("PPPS"), st.integers(0, 12)), max_size=25)


def due(found: Found, now: datetime) -> list[list[datetime]]:
    """The rule, with the numbers of these tests."""
    return due_series(found, now, LIFE, ALERT)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("", 0),
        ("PP", 0),
        ("PPP", 1),
        # The last one was the login's own.
        ("PPPS", 0),
        ("PPPPS", 1),
        ("PPSPPS", 0),
        ("PPPPSPPPP", 2),
        ("SS", 0),
        ("PPPC", 0),
        ("PPPCPPPP", 0),
        # The alarm tells of the series before it, and of none that came later.
        ("PPPPSC", 0),
        ("PPPPSCPPPP", 1),
        ("PPPCPSPPPP", 1),
        ("PPPPSPPPC", 0),
    ],
)
def test_the_rule(history: str, expected: int) -> None:
    found: Found = [(KINDS[what], START + 6 * place * MINUTE) for place, what in enumerate(history)]
    assert len(due(found, START + timedelta(hours=5))) == expected


def test_a_question_counts_when_its_time_is_over() -> None:
    found: Found = [(P, START)] * ALERT
    assert due(found, START + LIFE - MINUTE / 60) == []
    assert due(found, START + LIFE) == [[START] * ALERT]


def test_an_alarm_before_a_question_is_over_was_about_another_series() -> None:
    found: Found = [(P, START), (C, START + MINUTE), (P, START + MINUTE), (P, START + MINUTE)]
    assert due(found, START + timedelta(hours=1)) == [[START, START + MINUTE, START + MINUTE]]


def run(history: list[tuple[str, int]], job_every: int) -> tuple[Found, datetime]:
    """A history with a job that looks every so many minutes, until everything is over."""
    found: Found = []
    now = looked = START

    def look(until: datetime) -> None:
        nonlocal looked
        while looked + job_every * MINUTE <= until:
            looked += job_every * MINUTE
            if due(found, looked):
                found.append((C, looked))

    for what, minutes in history:
        now += minutes * MINUTE
        look(now)
        found.append((KINDS[what], now))
    look(now + LIFE + job_every * MINUTE)
    return found, looked


def series_of(found: Found) -> list[list[datetime]]:
    """The passwords between the logins, with those that the logins answered."""
    series: list[list[datetime]] = [[]]
    for kind, at in found:
        if kind == S:
            series.append([])
        elif kind == P:
            series[-1].append(at)
    return series


@given(histories, st.integers(1, 30))
def test_whenever_the_job_looks_every_series_is_told_and_none_twice(
    history: list[tuple[str, int]], job_every: int
) -> None:
    found, end = run(history, job_every)
    alarms = [at for kind, at in found if kind == C]
    assert due(found, end) == []
    series = series_of(found)
    for place, questions in enumerate(series):
        answered = place < len(series) - 1
        if len(questions) - answered >= ALERT:
            assert any(at >= questions[0] + LIFE for at in alarms)
    assert len(alarms) <= sum(len(questions) >= ALERT for questions in series)


@given(histories)
def test_a_login_hides_nothing_that_was_due(history: list[tuple[str, int]]) -> None:
    found: Found = []
    now = START
    for what, minutes in history:
        now += minutes * MINUTE
        found.append((KINDS[what], now))
    now += LIFE
    before = due(found, now)
    assert due([*found, (P, now), (S, now + MINUTE)], now + MINUTE) == before
    assert due([*found, (C, now)], now) == []
