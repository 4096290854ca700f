"""Reads the audit trail and tells what is wrong with it; `manage.py verify_events` prints that.

Rows are read in batches and forgotten, so a trail of any length takes the same memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Min

from securelogin import append_only, chain
from securelogin.anchors import DAY, AuditAnchor, content_between, last_day_over
from securelogin.audit import SecurityEvent

_AT_ONCE = 500
# Jobs run every few minutes; after this long an anchor that is missing is a fault.
ANCHOR_OVERDUE = timedelta(hours=1)
_LINE = re.compile(r"day=(\d{4}-\d\d-\d\d) events=\d+ until=\d+ key=\S+ digest=[0-9a-f]{64}")


def trigger_faults() -> Iterator[str]:
    """The triggers that should keep the rows as they are and are not there."""
    for name in append_only.missing(connection):
        yield f"The trigger {name} is missing: rows of the audit trail can be changed."


def event_faults(client_id: int | None = None, since: date | None = None) -> Iterator[str]:
    """What is wrong with the events of one client, or of all.

    Args:
        client_id: whose chain; None for all.
        since: a day (UTC); what was written before is taken as it is.
    """
    events = SecurityEvent.objects.order_by("chain", "sequence")
    if client_id is not None:
        events = events.filter(chain=chain.chain_of(client_id, ""))
    if since is not None:
        # By row number: in a chain the numbers grow, while a clock may have been put back.
        here = events.filter(at__gte=datetime.combine(since, time(), UTC))
        first = here.order_by().aggregate(first=Min("pk"))["first"]
        events = events.none() if first is None else events.filter(pk__gte=first)
    rows = events.values(*chain.SIGNED, "digest").iterator(_AT_ONCE)
    opening = _behind_what_is_not_read if since else chain.from_the_start
    for fault in chain.faults(rows, dict(settings.AUDIT_KEYS), opening):
        yield str(fault)


def _behind_what_is_not_read(row: chain.Row) -> tuple[int, bytes | None]:
    number = row["sequence"]
    if number <= 1:
        return 1, chain.START
    found = SecurityEvent.objects.filter(chain=row["chain"], sequence=number - 1)
    digest = found.values_list("digest", flat=True).first()
    return (number - 1, None) if digest is None else (number, bytes(digest))


def anchor_faults(now: datetime, since: date | None = None) -> Iterator[str]:
    """What the anchors say of the events, all clients together.

    Args:
        now: aware.
        since: a day (UTC); earlier anchors are taken as they are.
    """
    before = AuditAnchor.objects.filter(day__lt=since).last() if since else None
    anchors = AuditAnchor.objects.filter(day__gte=since) if since else AuditAnchor.objects.all()
    for anchor in anchors.iterator(_AT_ONCE):
        if before and anchor.day > before.day + DAY:
            yield _days_missing(before.day + DAY, anchor.day - DAY)
        if words := _anchor_misfit(anchor, before):
            yield f"Anchor of {anchor.day}: {words}"
        before = anchor
    due = last_day_over(now, ANCHOR_OVERDUE)
    if before is None:
        midnight = datetime.combine(due + DAY, time(), UTC)
        if SecurityEvent.objects.filter(at__lt=midnight).exists():
            yield _days_missing(due, due)
    elif before.day < due:
        yield _days_missing(before.day + DAY, due)


def _days_missing(first: date, last: date) -> str:
    days = str(first) if first == last else f"{first} to {last}"
    return f"Anchor of {days}: is missing. Either run_jobs did not run, or it was removed."


def _anchor_misfit(anchor: AuditAnchor, before: AuditAnchor | None) -> str:
    key = dict(settings.AUDIT_KEYS).get(anchor.key_id)
    if key is None:
        return f"was signed with the key {anchor.key_id!r}, which AUDIT_KEYS does not have."
    count, content = content_between(before.until if before else 0, anchor.until)
    signed = anchor.events - (before.events if before else 0)
    if count != signed:
        return f"{signed} events were signed since the anchor before, {count} are there."
    if bytes(anchor.digest) != anchor.digest_with(key, content, before):
        return "it was changed, or the events since the anchor before are not those it signed."
    return ""


def day_of(line: str) -> date | None:
    """The day in a text that has the form of `AuditAnchor.line`; None if it has not."""
    found = _LINE.fullmatch(line.strip())
    with suppress(ValueError):
        return date.fromisoformat(found[1]) if found else None
    return None


def exported_faults(lines: Iterable[str]) -> Iterator[str]:
    """What lines of anchors that were kept outside say of those in the database.

    Args:
        lines: for each of which `day_of` finds a day.
    """
    for line in lines:
        day = day_of(line)
        anchor = AuditAnchor.objects.filter(day=day).first() if day else None
        if anchor is None:
            yield f"Anchor of {day}: was kept outside and is not in the data base."
        elif anchor.line != line.strip():
            yield f"Anchor of {day}: is not the one that was kept outside."
