"""The anchor of each day: one digest over all events until its end, kept outside, too.

Whoever can write to the database can cut off the end of a chain, or whole chains. The line of
an anchor that was printed or shipped before still says how many events there were, and which.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction

from securelogin import chain, keys
from securelogin.audit import SecurityEvent
from securelogin.fields import KeyIdField

# The audit trail's own log: an anchor leaves this machine with the events' lines.
logger = logging.getLogger("securelogin.audit")

DAY = timedelta(days=1)
# No transaction lives this long: what was begun before midnight is finished or taken back.
SETTLED_AFTER = timedelta(minutes=10)
_AT_ONCE = 500


def last_day_over(now: datetime, margin: timedelta = SETTLED_AFTER) -> date:
    """The last day (UTC) that had ended ``margin`` before an aware moment."""
    return (now - margin).astimezone(UTC).date() - DAY


def content_between(after: int, until: int) -> tuple[int, bytes]:
    """Count and content (`securelogin.chain.content_of`) of the events of these row numbers.

    Args:
        after: exclusive.
        until: inclusive.
    """
    events = SecurityEvent.objects.filter(pk__gt=after, pk__lte=until).order_by("pk")
    return chain.content_of(events.values_list("pk", "digest").iterator(_AT_ONCE))


class AuditAnchorQuerySet(models.QuerySet["AuditAnchor"]):
    """Closing days."""

    def make_due(self, now: datetime) -> list[AuditAnchor]:
        """One anchor for each day that is over and has none (job; safe in parallel).

        A day costs one pass over its events, whatever the number of clients.

        Args:
            now: aware.

        Returns:
            The new ones. None on an empty trail: there is nothing to sign.
        """
        last_day = last_day_over(now)
        latest = self.order_by("-day").first()
        if latest is None and not SecurityEvent.objects.exists():
            return []
        made: list[AuditAnchor] = []
        day = latest.day + DAY if latest else last_day
        while day <= last_day:
            latest, created = self._make(day, latest)
            made += [latest] if created else []
            day += DAY
        return made

    def _make(self, day: date, before: AuditAnchor | None) -> tuple[AuditAnchor, bool]:
        after = before.until if before else 0
        midnight = datetime.combine(day + DAY, time(), UTC)
        earlier = SecurityEvent.objects.filter(pk__gt=after, at__lt=midnight).order_by("-pk")
        until = earlier.values_list("pk", flat=True).first() or after
        count, content = content_between(after, until)
        key_id, key = keys.current(settings.AUDIT_KEYS)
        anchor = AuditAnchor(
            day=day, events=count + (before.events if before else 0), until=until, key_id=key_id
        )
        signed = anchor.digest_with(key, content, before)
        columns: dict[str, Any] = {"events": anchor.events, "until": until, "key_id": key_id}
        # Of two jobs at once both get the same row.
        anchor, created = self.get_or_create(day=day, defaults={**columns, "digest": signed})
        if created:
            transaction.on_commit(anchor.log, robust=True)
        return anchor, created


class AuditAnchor(models.Model):
    """One digest over all events until the end of a day (UTC), and over the anchor before."""

    day = models.DateField(unique=True)
    # How many events there were since the beginning, and the row number of the last of them.
    events = models.PositiveBigIntegerField()
    until = models.PositiveBigIntegerField()
    key_id = KeyIdField("AUDIT_KEYS")
    digest = models.BinaryField(max_length=32)

    objects = AuditAnchorQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("day",)

    def __str__(self) -> str:
        return f"Anchor of {self.day}"

    @property
    def line(self) -> str:
        """What is printed and kept outside: one line, without a secret."""
        return (
            f"day={self.day} events={self.events} until={self.until} "
            f"key={self.key_id} digest={bytes(self.digest).hex()}"
        )

    def digest_with(self, key: bytes, content: bytes, before: AuditAnchor | None) -> bytes:
        """The digest that it has to have.

        Args:
            key: the one named by ``key_id``.
            content: of its events, from `content_between`.
            before: the anchor of the day before; None for the first.
        """
        return chain.anchor_digest(
            key,
            day=self.day,
            events=self.events,
            until=self.until,
            content=content,
            before=bytes(before.digest) if before else chain.START,
        )

    def log(self) -> None:
        """Write its line to the log, so that it is shipped with the events."""
        fields = {"event": "audit_anchor", "anchor": self.line}
        logger.info("Audit anchor", extra={"fields": fields})
