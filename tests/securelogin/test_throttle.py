"""Waits and locks: the pure rule, and the rows that count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from securelogin.models import Failures
from securelogin.policy import Policy
from securelogin.throttle import NEVER, Limit, forgotten_before, locked_until

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
START = datetime(2025, 10, 25, 12, 0, tzinfo=UTC)
TEN_A_DAY = Limit(10, DAY, DAY, DAY)
counts = st.integers(0, 10_000)
lives = st.timedeltas(min_value=SECOND, max_value=timedelta(days=7))
gaps = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=14))


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    """Any limit that makes sense: a lock is over before its series is forgotten."""
    first, longest = sorted([draw(lives), draw(lives)])
    ceiling = draw(st.just(0) | st.integers(1, 10_000))
    return Limit(draw(st.integers(1, 100)), first, longest, longest, ceiling)


@given(counts, counts, limits(), gaps)
def test_it_locks_from_the_limit_on_and_longer_with_each_failure(
    count: int, total: int, limit: Limit, gap: timedelta
) -> None:
    now = START + gap
    until = locked_until(count, total, START, limit, now)
    if limit.ceiling and total >= limit.ceiling:
        assert until == NEVER
    elif count < limit.attempts:
        assert until is None
    else:
        longer = locked_until(count + 1, total, START, limit, START)
        ends = locked_until(count, total, START, limit, START)
        assert ends is not None
        assert longer is not None
        assert START + limit.first <= ends <= longer <= START + limit.longest or longer == NEVER
        assert until == (ends if now < ends else None)


@given(counts, counts, limits())
def test_without_a_failure_nothing_is_locked_below_the_ceiling(
    count: int, total: int, limit: Limit
) -> None:
    ends = locked_until(count, total, None, limit, START)
    assert ends == (NEVER if limit.ceiling and total >= limit.ceiling else None)


def test_a_pause_doubles_up_to_the_longest() -> None:
    limit = Limit(5, 15 * MINUTE, DAY, DAY)
    ends = [locked_until(count, count, START, limit, START) for count in range(4, 14)]
    minutes = [(end - START) / MINUTE if end else 0 for end in ends]
    assert minutes == [0, 15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_the_numbers_of_the_policy() -> None:
    numbers = Policy()
    assert numbers.factor_limit == Limit(10, DAY, DAY, DAY, 100)
    assert numbers.password_limit == Limit(5, 15 * MINUTE, DAY, DAY)
    assert numbers.name_limit == Limit(100, 15 * MINUTE, DAY, DAY)
    assert numbers.crowd_limit == Limit(100, 15 * MINUTE, 15 * MINUTE, 15 * MINUTE)


def test_a_series_is_over_after_exactly_so_long_without_a_failure() -> None:
    assert forgotten_before(TEN_A_DAY, START) == START - DAY


def fail(key: str, limit: Limit = TEN_A_DAY) -> int:
    """Count a failure under a key, of which ten lock for a day."""
    return Failures.objects.record(key, limit).count


def lock_of(key: str, limit: Limit = TEN_A_DAY) -> datetime | None:
    """Until when this key is locked."""
    return Failures.objects.get(key=key).locked_until(limit)


@pytest.mark.django_db
def test_it_counts_consecutive_failures_of_each_key() -> None:
    assert [fail("a"), fail("a"), fail("b"), fail("a")] == [1, 2, 1, 3]


@pytest.mark.django_db
def test_it_counts_in_one_statement_and_returns_what_is_stored() -> None:
    for _first_and_further in range(2):
        with CaptureQueriesContext(connection) as queries:
            row = Failures.objects.record("a", TEN_A_DAY)
        assert len(queries) == 1
        stored = Failures.objects.get()
        for name in ("pk", "key", "count", "total", "last_failed_at"):
            assert getattr(stored, name) == getattr(row, name)


@pytest.mark.django_db
def test_the_lock_ends_exactly_24_hours_after_the_last_failure() -> None:
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(9):
            fail("a")
            assert lock_of("a") is None
            clock.shift(timedelta(hours=3))
        fail("a")
        end = START + timedelta(hours=27) + DAY
        assert lock_of("a") == end
        clock.move_to(end - SECOND)
        assert lock_of("a") == end
        clock.move_to(end)
        assert lock_of("a") is None
        assert fail("a") == 1


@pytest.mark.django_db
def test_a_day_without_a_failure_ends_the_series_but_not_the_total() -> None:
    with time_machine.travel(START, tick=False) as clock:
        fail("a")
        clock.shift(DAY - SECOND)
        assert fail("a") == 2
        clock.shift(DAY)
        assert fail("a") == 1
    assert Failures.objects.get().total == 3


@pytest.mark.django_db
def test_a_hundred_failures_however_far_apart_lock_for_good() -> None:
    limit = Policy().factor_limit
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(99):
            fail("a", limit)
            clock.shift(timedelta(days=30))
            assert lock_of("a", limit) is None
        fail("a", limit)
        assert lock_of("a", limit) == NEVER
        clock.shift(timedelta(days=3000))
        assert lock_of("a", limit) == NEVER
