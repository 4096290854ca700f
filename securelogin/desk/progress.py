"""How far a client has come since a code was read out, for the agent who is still on the line.

Pure: it is read from the events of the audit trail, whatever types of device they are of.
"""

from __future__ import annotations

from collections.abc import Iterable
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
# Everything that `progress` reads.
KINDS = frozenset(
    {
        Event.DEVICE_ISSUED,
        Event.SIGN_IN_COMPLETED,
        Event.DEVICE_SHOWN,
        Event.DEVICE_ACTIVATED,
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
    """The way from the code to the card, in order."""

    LOGGED_IN = "Logged in"
    SHOWN = "Card shown"
    KEPT = "Card kept"
    ACTIVE = "Card active"


@dataclass(frozen=True, slots=True)
class Progress(Generic[E]):
    """Where the client is.

    Attributes:
        issued: the issue of the code.
        steps: each step, with its event once it is done.
        trouble: what went wrong after the latest step that is done; None: nothing.
    """

    issued: E
    steps: dict[Step, E | None]
    trouble: E | None


def progress(events: Iterable[E]) -> Progress[E] | None:
    """The client's progress since the newest code that staff, or the server, issued.

    Args:
        events: one client's, of `KINDS`, the oldest first.

    Returns:
        None where none of them is the issue of a code.
    """
    issued, since = _newest_issue(events)
    if issued is None:
        return None
    # Only the newest card counts: with a second one the client begins anew.
    cards = [event.device for event in since if event.kind == Event.DEVICE_ISSUED]
    card = cards[-1] if cards else ""
    steps = _steps(since, issued.device, card)
    trouble = None if steps[Step.ACTIVE] else _trouble(since, {issued.device, card, ""})
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


def _trouble(since: list[E], devices: set[str]) -> E | None:
    """The latest mishap with the code, the card or the password."""
    found = (event for event in reversed(since) if event.kind in _TROUBLE)
    return next((event for event in found if event.device in devices), None)
