"""The export of the timeline for auditors: recorded first, then sent as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from securelogin.desk import spreadsheet
from securelogin.desk.found_events import Wanted, batches, groups
from securelogin.desk.timeline import TimelineRow, timeline_rows
from securelogin.events import Event
from securelogin.models import SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_DAYS = 366
BATCH = 1000
COLUMNS = (
    *("reference", "at", "kind", "who", "client", "what", "network", "browser"),
    *("chain", "sequence", "digest"),
)


def export(wanted: Wanted, agent: User, days: str) -> Iterator[str]:
    """Record the export, then give its text piece by piece, with three queries for `BATCH` rows.

    SECURITY: recorded before the first row, so that a download broken off at the last one is on
    record too.

    Args:
        wanted: which events, with both moments.
        agent: who exports.
        days: the range in words, for the record.

    Returns:
        CSV, the oldest event first. The last three columns are the event's place in its chain
        and its digest (`securelogin.chain`): what is missing or was changed in the file differs
        from the audit trail and from the log.
    """
    now = timezone.now()
    # What happens from now on, this export itself for one, is none of it.
    until = min(wanted.until, now) if wanted.until else now
    wanted = replace(wanted, until=until)
    with transaction.atomic():
        SecurityEvent.objects.record(
            Event.TIMELINE_EXPORTED, wanted.client, actor=agent, days=days, only=_only(wanted)
        )
    return _pieces(wanted)


def _only(wanted: Wanted) -> str:
    """What the export was limited to, in words; empty: nothing."""
    parts = {
        "group {}": groups().get(wanted.group, ""),
        "staff member {}": wanted.staff.username if wanted.staff else "",
        "reference {}": wanted.reference,
    }
    return ", ".join(words.format(value) for words, value in parts.items() if value)


def _pieces(wanted: Wanted) -> Iterator[str]:
    yield spreadsheet.BYTE_ORDER_MARK + spreadsheet.line(COLUMNS)
    for events in batches(wanted, BATCH):
        yield "".join(spreadsheet.line(_cells(row)) for row in timeline_rows(events))


def _cells(row: TimelineRow) -> list[str]:
    event = row.event
    return [
        row.reference,
        # Always with microseconds: cells of one column sort as text.
        f"{row.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        event.get_kind_display(),
        row.who,
        event.user.username if event.user else "",
        row.what,
        event.network,
        event.browser,
        event.chain,
        str(event.sequence),
        bytes(event.digest).hex(),
    ]
