"""The life of a device: every end is exact and exclusive, whatever the clocks on the wall do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.lifecycle import EndReason, Moments, Status, is_within, run_out, status_at
from securelogin.policy import Policy

SECOND = timedelta(seconds=1)
NUMBERS = Policy()
# Starts whose lives span a change of the clocks, forwards or backwards, in the named zone.
STARTS = {
    "no change": datetime(2025, 7, 24, 12, 5, tzinfo=UTC),
    "Zurich forwards": datetime(2025, 3, 30, 0, 59, 30, tzinfo=UTC),
    "Zurich backwards": datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    "New York forwards": datetime(2025, 3, 9, 6, 59, 59, tzinfo=UTC),
    "New York backwards": datetime(2025, 11, 2, 5, 30, tzinfo=UTC),
}
ZONES = ["UTC", "Europe/Zurich", "America/New_York"]
TWO_YEARS = 2 * 365 * 24 * 3600
starts = st.integers(0, TWO_YEARS).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
lives = st.timedeltas(min_value=SECOND, max_value=timedelta(days=40))


def code_from(start: datetime) -> Moments:
    """The moments of a Temporary Code issued then."""
    return Moments(
        activated_at=start,
        limited_at=start + NUMBERS.code_full,
        expires_at=start + NUMBERS.code_life,
    )


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_code_changes_its_phase_at_the_exact_second(start: datetime, zone: str) -> None:
    moments, local = code_from(start), ZoneInfo(zone)
    limited, end = start + 2 * timedelta(hours=24), start + 12 * timedelta(hours=24)
    expected = {
        start: Status.ACTIVE,
        limited - SECOND: Status.ACTIVE,
        limited: Status.LIMITED,
        end - SECOND: Status.LIMITED,
        end: Status.ENDED,
    }
    # The same moment is the same moment, in whatever zone the clock that is asked stands.
    got = {now: status_at(now.astimezone(local), moments) for now in expected}
    assert got == expected


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_card_ends_504_hours_after_its_activation(start: datetime) -> None:
    moments = Moments(activated_at=start, expires_at=start + NUMBERS.card_life)
    end = start + timedelta(hours=504)
    assert status_at(end - SECOND, moments) is Status.ACTIVE
    assert status_at(end, moments) is Status.ENDED
    assert run_out(end - SECOND, moments) is None
    assert run_out(end, moments) is EndReason.EXPIRED


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_card_waits_24_hours_for_its_activation(start: datetime) -> None:
    moments = Moments(activate_by=start + NUMBERS.activation_wait)
    end = start + timedelta(hours=24)
    assert status_at(end - SECOND, moments) is Status.WAITING
    assert status_at(end, moments) is Status.CANCELLED
    assert run_out(end - SECOND, moments) is None
    assert run_out(end, moments) is EndReason.NOT_ACTIVATED


@given(starts, lives, lives, lives)
def test_a_device_never_gets_better(
    start: datetime, full: timedelta, more: timedelta, step: timedelta
) -> None:
    order = [Status.ACTIVE, Status.LIMITED, Status.ENDED]
    moments = Moments(activated_at=start, limited_at=start + full, expires_at=start + full + more)
    seen = [order.index(status_at(start + count * step, moments)) for count in range(8)]
    assert seen == sorted(seen)


@given(starts, starts, st.sampled_from(EndReason))
def test_a_device_that_somebody_ended_is_over_at_every_moment(
    start: datetime, now: datetime, reason: EndReason
) -> None:
    moments = Moments(activated_at=start, ended_at=start, end_reason=reason)
    assert status_at(now, moments) in {Status.ENDED, Status.CANCELLED}
    assert run_out(now, moments) is None


some = st.none() | starts


@given(starts, some, some, some, some)
def test_it_has_run_out_exactly_when_nobody_ended_it_and_it_is_over(
    now: datetime,
    activated: datetime | None,
    activate_by: datetime | None,
    limited: datetime | None,
    expires: datetime | None,
) -> None:
    moments = Moments(activated, activate_by, limited, expires)
    over = status_at(now, moments) in {Status.ENDED, Status.CANCELLED}
    assert (run_out(now, moments) is not None) is over


@pytest.mark.parametrize("reason", EndReason)
def test_it_tells_an_end_on_time_from_a_cancellation(reason: EndReason) -> None:
    start = STARTS["no change"]
    status = status_at(start, Moments(activated_at=start, ended_at=start, end_reason=reason))
    on_time = {
        EndReason.EXPIRED,
        EndReason.USED_UP,
        EndReason.REPLACED,
        EndReason.DEVICE_BACK,
    }
    assert status is (Status.ENDED if reason in on_time else Status.CANCELLED)


def test_every_status_and_reason_has_words() -> None:
    assert len({status.label for status in Status}) == len(Status)
    assert len({reason.label for reason in EndReason}) == len(EndReason)


@given(start=starts, life=lives)
def test_what_has_a_life_lives_it_to_the_second_and_not_in_the_future(
    start: datetime, life: timedelta
) -> None:
    minute = timedelta(minutes=1)
    got = {now: is_within(life, start, start + now) for now in (-minute - SECOND, -minute, life)}
    assert got == {-minute - SECOND: False, -minute: True, life: False}
    assert is_within(life, start, start + life - timedelta(microseconds=1))


@given(start=starts, life=lives)
def test_a_device_on_hold_keeps_its_other_moments(start: datetime, life: timedelta) -> None:
    moments = code_from(start)
    held = moments.on_hold_since(start + life)
    assert held.held_at == start + life
    assert held.on_hold_since(None) == moments
