"""How far a session reaches: a function of the device it was opened with, and of now.

Pure. `securelogin.middleware` computes it on every request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TypeVar

from securelogin.lifecycle import Moments, Status, status_at

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class Access(IntEnum):
    """Ordered: a view states the least it needs."""

    NONE = 0
    CARD_ONLY = 1
    FULL = 2


def access_of(status: Status) -> Access:
    """What a session may do that was opened with a device of this status (KB69)."""
    if status is Status.ACTIVE:
        return Access.FULL
    return Access.CARD_ONLY if status is Status.LIMITED else Access.NONE


@dataclass(frozen=True, slots=True)
class Reach:
    """How far all devices of a client reach together.

    Attributes:
        access: the most that one of them allows now.
        until: its end, aware and exclusive; None if there is none, or no access.
        card_until: until when, after that, a card may still be requested; None: not at all.
    """

    access: Access = Access.NONE
    until: datetime | None = None
    card_until: datetime | None = None


def reach(devices: Iterable[Moments], now: datetime) -> Reach:
    """What a client with these devices may do now, and until when.

    Args:
        devices: those that can verify.
        now: aware.
    """
    full = card_only = now
    for moments in devices:
        access = access_of(status_at(now, moments))
        end = moments.expires_at or _FOR_EVER
        if access is Access.FULL:
            full = max(full, min(moments.limited_at or end, end))
        if access is not Access.NONE:
            card_only = max(card_only, end)
    if full > now:
        lasting = card_only if card_only > full and card_only != _FOR_EVER else None
        return Reach(Access.FULL, None if full == _FOR_EVER else full, lasting)
    if card_only > now:
        return Reach(Access.CARD_ONLY, None if card_only == _FOR_EVER else card_only)
    return Reach()


View = TypeVar("View", bound=Callable[..., object])


def needs(least: Access) -> Callable[[View], View]:
    """Marks a view with the least access it needs; an unmarked view needs FULL."""

    def mark(view: View) -> View:
        view.access_needed = least  # type: ignore[attr-defined]
        return view

    return mark


def passive(view: View) -> View:
    """Marks a view that pages ask for by themselves: no sign that somebody is there.

    SECURITY: it does not move the session's idle end, so that an open page never keeps a
    session alive that its owner has left.
    """
    view.is_passive = True  # type: ignore[attr-defined]
    return view
