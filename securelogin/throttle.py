"""When the next try is allowed: waits and locks as a pure function of failures and the clock.

`securelogin.models.Failures` counts; this module decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# A lock that only a person at the desk ends.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
# Doubling more often than this is beyond every `longest`.
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Limit:
    """How a series of failures slows down what comes next.

    Attributes:
        attempts: this many failures in a row lock.
        first: how long the first lock lasts after the last failure.
        longest: each further failure doubles the lock, up to this.
        forget: a series without a failure for this long is over.
        ceiling: this many failures without a success, however far apart, lock until a person
            ends it (NIST SP 800-63B-4 3.2.2); 0: never.
    """

    attempts: int
    first: timedelta
    longest: timedelta
    forget: timedelta
    ceiling: int = 0


def locked_until(
    count: int, total: int, last_failed_at: datetime | None, limit: Limit, now: datetime
) -> datetime | None:
    """Until when further tries are refused unseen, or None while they are allowed.

    Args:
        count: failures of the present series.
        total: failures since the last success, series that are over included.
        last_failed_at: aware; None if there was none.
        limit: what locks, and for how long.
        now: aware.

    Returns:
        An exclusive end; `NEVER` once the ceiling is reached.
    """
    if limit.ceiling and total >= limit.ceiling:
        return NEVER
    if last_failed_at is None or count < limit.attempts:
        return None
    doublings = min(count - limit.attempts, _MOST_DOUBLINGS)
    until = last_failed_at + min(limit.first * 2**doublings, limit.longest)
    return until if now < until else None


def forgotten_before(limit: Limit, now: datetime) -> datetime:
    """A series whose last failure was at this moment or before is over at ``now`` (aware)."""
    return now - limit.forget
