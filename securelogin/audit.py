"""The audit trail: security events, in one chain for each client, and their lines in the log.

What a digest covers is in `securelogin.chain`, the triggers that keep the rows as they are in
`securelogin.append_only`, each day's anchor in `securelogin.anchors`, and the proof that nothing
was touched in `securelogin.verification`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from securelogin import chain, keys, origin
from securelogin.append_only import EVENTS
from securelogin.events import Event
from securelogin.fields import KeyIdField
from securelogin.prepared import PreparedInsert

if TYPE_CHECKING:
    from accounts.models import User
    from securelogin.device_facts import DeviceFacts

logger = logging.getLogger(__name__)

# Read out on the phone to name an event: no letters or digits that sound or look alike.
_REFERENCE_ALPHABET = "ACDEFHJKLMNPQRTWXY"
# Facts that may leave the database with the log: numbers, and words from lists of our own.
# What a person typed stays.
_LOGGED_WORDS = frozenset(
    ("action", "document", "evidence", "how", "instead_of", "policy", "risks", "seen", "ticket")
)


def new_reference() -> str:
    """A short name for an event that both sides of a phone call can say: ``A7-2210``."""
    letter = secrets.choice(_REFERENCE_ALPHABET)
    return f"{letter}{secrets.randbelow(10)}-{secrets.randbelow(10_000):04}"


def event_choices() -> list[tuple[str, str]]:
    """What `Event` names, with its labels. A function, so that a new one needs no migration."""
    return [(event.value, event.label) for event in Event]


class SecurityEventQuerySet(models.QuerySet["SecurityEvent"]):
    """Writing and reading the audit trail."""

    def record(
        self,
        kind: Event,
        user: User | None,
        *,
        device: DeviceFacts | None = None,
        actor: User | None = None,
        **detail: str | int | bool,
    ) -> SecurityEvent:
        """Append one event, inside the caller's transaction.

        From here until that transaction ends, whoever else records an event of the same
        client waits. So that no two wait for each other, all keep one order: the client's
        row, devices (`securelogin.models.lock_devices`), counters and requests; then the
        event, of one client only; then sessions.

        Args:
            kind: what happened.
            user: the client it happened to; None for an unknown user name.
            device: the device concerned.
            actor: who did it; None for the portal itself.
            detail: facts for the desk. SECURITY: never a code, value, pair, nonce or hash.
        """
        source = origin.current()
        event = self.model(
            at=timezone.now(),
            kind=kind,
            user=user,
            actor=actor,
            device=device.persistent_id if device else "",
            title=device.title if device else "",
            network=source.network,
            browser=source.browser,
            request_id=source.request_id,
            detail=detail,
        )
        self.append(event)
        return event

    def append(self, event: SecurityEvent) -> None:
        """Give an event the next place in its client's chain, and log it after the commit.

        Two statements: read the chain's last digest, insert unless the place is taken. That
        is the fewest there can be, since a digest needs the one before it, and the key stays
        out of the database. There is no table of heads to lock: the unique place is the lock.
        Whoever comes second waits for the first one's transaction, finds the place taken or
        free again, and tries the next; clients never wait for each other.
        """
        event.chain = chain.chain_of(event.user_id, event.network)
        while True:
            event.link(*self._last_of(event.chain))
            # Each turn that is lost here was won by another writer.
            if self._take_place(event):
                break
        transaction.on_commit(event.log, robust=True)

    def bulk_create(
        self, objs: Iterable[SecurityEvent], *args: Any, **kwargs: Any
    ) -> list[SecurityEvent]:
        """Append many at once, for whoever is alone with their chains: imports, tests.

        SECURITY: so there is no way of the ORM past the chains.
        """
        events = list(objs)
        last: dict[str, tuple[int, bytes]] = {}
        for event in events:
            event.chain = chain.chain_of(event.user_id, event.network)
            if event.chain not in last:
                last[event.chain] = self._last_of(event.chain)
            event.link(*last[event.chain])
            last[event.chain] = event.sequence, bytes(event.digest)
        return super().bulk_create(events, *args, **kwargs)

    def _last_of(self, name: str) -> tuple[int, bytes]:
        # Plain SQL, here and below: each login does it twice.
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sequence, digest FROM {EVENTS} WHERE chain = %s "  # noqa: S608 - a constant
                "ORDER BY sequence DESC LIMIT 1",
                [name],
            )
            sequence, digest = cursor.fetchone() or (0, chain.START)
        return sequence, bytes(digest)

    def _take_place(self, event: SecurityEvent) -> bool:
        """Whether the row is in: False if another writer has this place in the chain."""
        row = _take_place()(event)
        if row is None:
            return False
        (event.pk,) = row
        return True


@cache
def _take_place() -> PreparedInsert:
    return PreparedInsert(SecurityEvent, "ON CONFLICT (chain, sequence) DO NOTHING RETURNING id")


class SecurityEvent(models.Model):
    """One line of the audit trail. Rows are appended, never changed."""

    reference = models.CharField(max_length=8, default=new_reference, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(max_length=40, choices=event_choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="security_events",
        # Here and below: the indexes with the moment begin with the same column.
        db_index=False,
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    device = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=80, blank=True)
    network = models.CharField(max_length=50, blank=True)
    browser = models.CharField(max_length=30, blank=True)
    # Of the request that it happened in, as in the log and the response's X-Request-ID.
    request_id = models.CharField(max_length=32, blank=True, editable=False)
    detail = models.JSONField(default=dict)
    # Its place, and what proves that all of the above was written by the portal, in this order.
    chain = models.CharField(max_length=32, editable=False)
    sequence = models.PositiveBigIntegerField(editable=False)
    key_id = KeyIdField("AUDIT_KEYS", editable=False)
    digest = models.BinaryField(max_length=32)

    objects = SecurityEventQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("-at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="event_chain_sequence")
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-at", "-id"], name="event_user_at"),
            models.Index(fields=["kind", "-at", "-id"], name="event_kind_at"),
            models.Index(fields=["actor", "-at", "-id"], name="event_actor_at"),
            models.Index(fields=["-at", "-id"], name="event_at"),
            models.Index(fields=["reference"], name="event_reference"),
            # What staff did, for the desk's figures: answered without a look at the rows.
            models.Index(
                fields=["kind", "at", "actor"],
                condition=Q(actor__isnull=False) & ~Q(actor=F("user")),
                name="event_by_staff",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.get_kind_display()}"

    def link(self, last: int, before: bytes) -> None:
        """Take the place behind the chain's last event, and sign it.

        Args:
            last: the number of that event; 0 for none.
            before: its digest.
        """
        self.sequence = last + 1
        self.key_id, key = keys.current(settings.AUDIT_KEYS)
        columns = {name: getattr(self, name) for name in chain.SIGNED}
        self.digest = chain.digest_of(key, columns, before)

    def log(self) -> None:
        """Write it to the log, one line of JSON (portal.logs)."""
        if logger.isEnabledFor(logging.INFO):
            logger.info(self.get_kind_display(), extra={"fields": self.log_fields()})

    def log_fields(self) -> dict[str, Any]:
        """What the log says of it: when, who, where, what and with which result (ASVS 16.2.1).

        People are named by their numbers. The digest makes the log a witness: an event that
        is cut off the table is still in the lines that were shipped.
        """
        kind = Event(self.kind)
        facts = {
            name: value
            for name, value in self.detail.items()
            if name in _LOGGED_WORDS or isinstance(value, int)
        }
        return {
            "datetime": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "event": kind.owasp,
            "kind": kind.value,
            "result": "failure" if kind.is_refusal else "success",
            "client": self.user_id,
            "actor": self.actor_id,
            "network": self.network,
            "browser": self.browser,
            "request_id": self.request_id,
            "device": self.device,
            "device_type": self.device.partition("/")[0],
            "reference": self.reference,
            "facts": facts,
            "chain": self.chain,
            "sequence": self.sequence,
            "digest": bytes(self.digest).hex(),
        }
