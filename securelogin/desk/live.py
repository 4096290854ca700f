"""The live status of a client's way from the code to the card, or to the own device, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from securelogin.conf import policy
from securelogin.desk.progress import KINDS, progress
from securelogin.desk.timeline import TimelineRow, device_type_of_event, timeline_rows
from securelogin.models import SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User

# A client who tries again and again writes no endless list onto the agent's screen.
_MOST_EVENTS = 500


@dataclass(frozen=True, slots=True)
class LiveStep:
    """One of the dots.

    Attributes:
        label: the step.
        row: how it was done, as in the timeline; None: not yet.
    """

    label: str
    row: TimelineRow | None


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """What the agent sees while the client goes on. There is no secret in it, as in no event.

    Attributes:
        issued: the issue of the code, as in the timeline.
        steps: in order.
        trouble: what went wrong since the latest step, as in the timeline; None: nothing.
    """

    issued: TimelineRow
    steps: list[LiveStep]
    trouble: TimelineRow | None

    @property
    def latest(self) -> str:
        """The news in a sentence, for whoever hears the page."""
        done = [step.row for step in self.steps if step.row]
        return (self.trouble or max([self.issued, *done], key=_at)).what

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to follow."""
        return self.steps[-1].row is not None


def live_status(client: User) -> LiveStatus | None:
    """The way since the newest code; None if there is none that could still allow anything."""
    since = timezone.now() - policy().code_life
    events = SecurityEvent.objects.filter(user=client, at__gt=since, kind__in=KINDS)
    newest = events.select_related("actor").order_by("-at", "-pk")[:_MOST_EVENTS]
    found = progress(reversed(list(newest)), _is_own)
    if found is None:
        return None

    def row(event: SecurityEvent | None) -> TimelineRow | None:
        return timeline_rows([event], client)[0] if event else None

    [issued] = timeline_rows([found.issued], client)
    steps = [LiveStep(step.value, row(event)) for step, event in found.steps.items()]
    return LiveStatus(issued, steps, row(found.trouble))


def _is_own(event: SecurityEvent) -> bool:
    config = device_type_of_event(event)
    return config is not None and not config.device_model.interim


def _at(row: TimelineRow) -> datetime:
    return row.at
