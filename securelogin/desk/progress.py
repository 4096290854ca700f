"""How far a client has come since a code was read out, for the agent who is still on the line.

The way leads to a card, or to a device of the client's own that is back, new or still there.

Pure: it is read from the events of the audit trail, whatever types of device they are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from securelogin.events import Event

_KEPT = frozenset({Event.DEVICE_KEPT, Event.DEVICE_NOT_SEEN_KEPT})
_TROUBLE = frozenset(
    {
        Event.PASSWORD_REFUSED,
        Event.PASSWORD_PAUSED,
        Event.SIGN_IN_REFUSED,
        Event.LOGIN_LOCKED,
        Event.DEVICE_ACTIVATION_REFUSED,
        Event.DEVICE_ENDED,
    }
)
# With a device of the client's own: then nothing else is needed.
_OWN = frozenset({Event.SIGN_IN_COMPLETED, Event.DEVICE_ACTIVATED, Event.DEVICE_REACTIVATED})
# Everything that `progress` reads.
KINDS = frozenset(
    {
        Event.DEVICE_ISSUED,
        Event.DEVICE_SHOWN,
        *_OWN,
        *_KEPT,
        *_TROUBLE,
    }
)


class Happened(Protocol):
    """What is needed of a row of the audit trail; there, the docstrings say more."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def actor_id(self) -> int | None: ...
    @property
    def device(self) -> str: ...


E = TypeVar("E", bound=Happened)


class Step(StrEnum):
    """The way from the code to the card, in order; and its other end."""

    LOGGED_IN = "Logged in"
    SHOWN = "Card shown"
    KEPT = "Card kept"
    ACTIVE = "Card active"
    OWN_DEVICE = "Own device in use"


@dataclass(frozen=True, slots=True)
class Progress(Generic[E]):
    """Where the client is.

    Attributes:
        issued: the issue of the code.
        steps: each step to the card, with its event once it is done; those that are done, and the
            own device, once that is in use.
        trouble: what went wrong after the latest step that is done; None: nothing.
    """

    issued: E
    steps: dict[Step, E | None]
    trouble: E | None


def progress(events: Iterable[E], is_own: Callable[[E], bool]) -> Progress[E] | None:
    """The client's progress since the newest code that staff, or the server, issued.

    Args:
        events: one client's, of `KINDS`, the oldest first.
        is_own: whether an event is of a device that lasts.

    Returns:
        None where none of them is the issue of a code.
    """
    issued, since = _newest_issue(events)
    if issued is None:
        return None
    own = next((event for event in since if event.kind in _OWN and is_own(event)), None)
    # Only the newest card counts: with a second one the client begins anew.
    cards = [event.device for event in since if event.kind == Event.DEVICE_ISSUED]
    card = cards[-1] if cards else ""
    steps = _steps(since, issued.device, card)
    if own is not None:
        done = {step: event for step, event in steps.items() if event}
        steps = {**done, Step.OWN_DEVICE: own}
    trouble = None
    if own is None and steps[Step.ACTIVE] is None:
        trouble = _trouble(since, {issued.device, card, ""}, is_own)
    reached = max(event.at for event in (issued, *steps.values()) if event)
    if trouble and trouble.at < reached:
        trouble = None
    return Progress(issued, steps, trouble)


def _newest_issue(events: Iterable[E]) -> tuple[E | None, list[E]]:
    """The issue by somebody else than the client, and what came after it."""
    issued: E | None = None
    since: list[E] = []
    for event in events:
        if event.kind == Event.DEVICE_ISSUED and event.actor_id != event.user_id:
            issued, since = event, []
        else:
            since.append(event)
    return issued, since


def _steps(since: list[E], code: str, card: str) -> dict[Step, E | None]:
    def first(device: str, *kinds: Event) -> E | None:
        found = (event for event in since if event.device == device and event.kind in kinds)
        return next(found, None)

    # A copy that was seen after all counts more than that the client went on without.
    kept = first(card, Event.DEVICE_KEPT) or first(card, Event.DEVICE_NOT_SEEN_KEPT)
    return {
        Step.LOGGED_IN: first(code, Event.SIGN_IN_COMPLETED),
        Step.SHOWN: first(card, Event.DEVICE_SHOWN),
        Step.KEPT: kept,
        Step.ACTIVE: first(card, Event.DEVICE_ACTIVATED),
    }


def _trouble(since: list[E], devices: set[str], is_own: Callable[[E], bool]) -> E | None:
    """The latest mishap with the code, the card or the password, or in proving an own device."""

    def concerns(event: E) -> bool:
        # An own device that ends was lost, or removed by its owner.
        proving = event.kind != Event.DEVICE_ENDED and is_own(event)
        return event.device in devices or proving

    found = (event for event in reversed(since) if event.kind in _TROUBLE)
    return next(filter(concerns, found), None)
