"""The life of a device: from its moments and the clock to its status.

Moments are stored, the status is derived, so no clean-up job has to run for a device to end
on time. All ends are exclusive: at the very moment of its end a device no longer works.
Pure: standard library only, the clock is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    """What a device is at a moment."""

    WAITING = "waiting"
    ACTIVE = "active"
    LIMITED = "limited"
    ENDED = "ended"
    CANCELLED = "cancelled"
    ON_HOLD = "on_hold"

    @property
    def label(self) -> str:
        """The word for the client."""
        return _LABELS[self]


_LABELS = {
    Status.WAITING: "Waiting for activation",
    Status.ACTIVE: "Active",
    Status.LIMITED: "Active for requesting a card only",
    Status.ENDED: "Ended",
    Status.CANCELLED: "Cancelled",
    Status.ON_HOLD: "On hold",
}


class EndReason(StrEnum):
    """Why a device ended before, or at, its time."""

    EXPIRED = "expired"
    NOT_ACTIVATED = "not_activated"
    USED_UP = "used_up"
    REPLACED = "replaced"
    WRONG_DIGITS = "wrong_digits"
    CANCELLED_BY_CLIENT = "cancelled_by_client"
    CANCELLED_BY_STAFF = "cancelled_by_staff"
    REPORTED_LOST = "reported_lost"
    DEVICE_BACK = "device_back"

    @property
    def label(self) -> str:
        """How it ended, for the client's list of ended devices."""
        return _END_LABELS[self]

    @property
    def desk_label(self) -> str:
        """How it ended, for the desk."""
        return _DESK_LABELS.get(self, self.label)


_END_LABELS = {
    EndReason.EXPIRED: "ended on time",
    EndReason.NOT_ACTIVATED: "not activated in time",
    EndReason.USED_UP: "used up",
    EndReason.REPLACED: "replaced",
    EndReason.WRONG_DIGITS: "cancelled after wrong digits",
    EndReason.CANCELLED_BY_CLIENT: "cancelled by you",
    EndReason.CANCELLED_BY_STAFF: "cancelled by Client Services",
    EndReason.REPORTED_LOST: "reported lost",
    EndReason.DEVICE_BACK: "your own device is in use again",
}
_DESK_LABELS = {
    EndReason.CANCELLED_BY_CLIENT: "cancelled by the client",
    EndReason.DEVICE_BACK: "the client's own device is in use again",
}
_ENDED_BY_ITSELF = frozenset(
    {EndReason.EXPIRED, EndReason.USED_UP, EndReason.REPLACED, EndReason.DEVICE_BACK}
)


class HoldReason(StrEnum):
    """Why a device that lasts waits until its owner proves it again."""

    AWAY = "away"
    GUESSED = "guessed"

    @property
    def desk_label(self) -> str:
        """The desk's words."""
        return _HOLD_LABELS[self]


_HOLD_LABELS = {
    HoldReason.AWAY: "its owner is away from it",
    HoldReason.GUESSED: "too many wrong answers",
}


# So much the clocks of several machines may differ.
CLOCKS_DIFFER = timedelta(minutes=1)


def is_within(life: timedelta, since: datetime, now: datetime) -> bool:
    """Whether what began at ``since`` and lives for ``life`` lives at ``now`` (both aware).

    SECURITY: what began in the future, before a clock was set back, does not: it would live for
    as long as the clock was wrong.
    """
    return -CLOCKS_DIFFER <= now - since < life


@dataclass(frozen=True, slots=True)
class Moments:
    """The stored moments of a device, all aware; None where a moment does not apply.

    Attributes:
        activated_at: its holder proved it (a code: issue).
        activate_by: until when it may wait for that.
        limited_at: from when it only allows requesting a card (KB69).
        expires_at: from when it allows nothing.
        ended_at: somebody or something ended it.
        end_reason: why.
        held_at: its owner is away from it; it waits until it is back.
    """

    activated_at: datetime | None = None
    activate_by: datetime | None = None
    limited_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    held_at: datetime | None = None

    def on_hold_since(self, moment: datetime | None) -> Moments:
        """The same, on hold since then; None: not on hold."""
        return replace(self, held_at=moment)


def status_at(now: datetime, moments: Moments) -> Status:
    """The status of a device with these moments at ``now`` (aware)."""
    if moments.ended_at is not None:
        by_itself = moments.end_reason in _ENDED_BY_ITSELF
        return Status.ENDED if by_itself else Status.CANCELLED
    if moments.expires_at is not None and now >= moments.expires_at:
        return Status.ENDED
    if moments.activated_at is None:
        late = moments.activate_by is not None and now >= moments.activate_by
        return Status.CANCELLED if late else Status.WAITING
    if moments.held_at is not None:
        return Status.ON_HOLD
    if moments.limited_at is not None and now >= moments.limited_at:
        return Status.LIMITED
    return Status.ACTIVE


def run_out(now: datetime, moments: Moments) -> EndReason | None:
    """Why a device that nobody ended is over at ``now`` all the same; None if it is not."""
    if moments.ended_at is not None:
        return None
    if moments.expires_at is not None and now >= moments.expires_at:
        return EndReason.EXPIRED
    if moments.activated_at is None and moments.activate_by and now >= moments.activate_by:
        return EndReason.NOT_ACTIVATED
    return None
