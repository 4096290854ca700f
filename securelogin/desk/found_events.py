"""Finding events: what is asked for, and the pages of what is found.

Pages are cut by position, moment and id: rows that are appended meanwhile move nothing, and the
last page costs as much as the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Prefetch, Q
from django.utils import timezone

from securelogin.conf import policy
from securelogin.desk.sentences import Group, kinds_of
from securelogin.events import Event
from securelogin.models import SecurityEvent, SecurityEventQuerySet
from securelogin.registry import device_type, device_types

if TYPE_CHECKING:
    from accounts.models import User

ROWS = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)
# What a line needs. SECURITY: of people the names alone, no password hash.
_NAMES = ("username", "first_name", "last_name")
_COLUMNS = (
    *("reference", "at", "kind", "user", "actor", "device", "title"),
    *("network", "browser", "detail", "chain", "sequence", "digest"),
)


class Cursor(NamedTuple):
    """A position in the timeline: an event's moment (aware) and primary key."""

    at: datetime
    pk: int

    def __str__(self) -> str:
        """For an address: microseconds since 1970, and the key."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.pk}"

    @classmethod
    def of(cls, event: SecurityEvent) -> Cursor:
        """The position of an event."""
        return cls(event.at, event.pk)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """What `__str__` wrote.

        Raises:
            ValueError: it is something else.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise ValueError(text)
        return cls(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))

    @property
    def older(self) -> Q:
        """What comes after it on the pages. The first condition is the index's."""
        return Q(at__lte=self.at) & (Q(at__lt=self.at) | Q(pk__lt=self.pk))

    @property
    def newer(self) -> Q:
        """What comes before it on the pages."""
        return Q(at__gte=self.at) & (Q(at__gt=self.at) | Q(pk__gt=self.pk))


def groups() -> dict[str, str]:
    """The groups that can be asked for, with their words: each device type, then the others."""
    types = {config.slug: str(config.verbose_name) for config in device_types()}
    others = {group.value: group.label for group in Group if group is not Group.DEVICES}
    return types | others


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; empty: all of them.

    Attributes:
        client: to whom it happened.
        group: a key of `groups`.
        staff: who did it.
        since: the first moment, aware.
        until: the exclusive end, aware.
        reference: of one event.
    """

    client: User | None = None
    group: str = ""
    staff: User | None = None
    since: datetime | None = None
    until: datetime | None = None
    reference: str = ""

    def events(self) -> SecurityEventQuerySet:
        """Those events, in no particular order."""
        conditions = {
            "user": self.client,
            "actor": self.staff,
            "at__gte": self.since,
            "at__lt": self.until,
            "reference": self.reference or None,
        }
        given = {name: value for name, value in conditions.items() if value is not None}
        return SecurityEvent.objects.filter(_of_group(self.group), **given).only(*_COLUMNS)


def _of_group(group: str) -> Q:
    if not group:
        return Q()
    config = device_type(group)
    if config is None:
        return Q(kind__in=kinds_of(Group(group)))
    label = config.device_model._meta.label_lower
    return Q(kind__in=kinds_of(Group.DEVICES), device__startswith=f"{label}/")


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, the newest first.

    Attributes:
        events: at most `ROWS`.
        newer: where the page before this one ends; None: this is the first.
        older: where the page after this one begins; None: this is the last.
    """

    events: list[SecurityEvent]
    newer: Cursor | None
    older: Cursor | None


def page_of(wanted: Wanted, *, before: Cursor | None = None, after: Cursor | None = None) -> Page:
    """A page: one query, however many events there are.

    Args:
        wanted: which events.
        before: show what is older than this.
        after: show what is newer than this, the nearest. Neither: the newest.
    """
    if after is not None:
        nearest = _with_people(wanted.events()).filter(after.newer).order_by("at", "pk")
        found = list(nearest[: ROWS + 1])
        events = found[ROWS - 1 :: -1] if len(found) > ROWS else found[::-1]
        if not events:
            return page_of(wanted)
        newest, oldest = Cursor.of(events[0]), Cursor.of(events[-1])
        return Page(events, newest if len(found) > ROWS else None, oldest)
    here = _with_people(wanted.events()).filter(before.older if before else Q())
    found = list(here.order_by("-at", "-pk")[: ROWS + 1])
    events = found[:ROWS]
    newer = Cursor.of(events[0]) if before and events else None
    return Page(events, newer, Cursor.of(events[-1]) if len(found) > ROWS else None)


def _with_people(events: SecurityEventQuerySet) -> SecurityEventQuerySet:
    """In the same query: right for a page of few rows."""
    names = [f"{person}__{name}" for person in ("user", "actor") for name in _NAMES]
    return events.select_related("user", "actor").only(*_COLUMNS, *names)


def batches(wanted: Wanted, size: int) -> Iterator[list[SecurityEvent]]:
    """All of them, the oldest first, in lists of ``size``, with three queries each: beside so
    many rows, a join may well read all the people there are."""
    people = get_user_model().objects.only(*_NAMES)
    events = wanted.events().prefetch_related(Prefetch("user", people), Prefetch("actor", people))
    position: Cursor | None = None
    while True:
        here = events.filter(position.newer if position else Q())
        batch = list(here.order_by("at", "pk")[:size])
        if batch:
            yield batch
        if len(batch) < size:
            return
        position = Cursor.of(batch[-1])


def note_opened(client: User, agent: User) -> None:
    """A member of staff reads this client's timeline. Once a call: the client's page, which they
    mostly come from, has said so already."""
    since = timezone.now() - policy().identity_life
    opened = SecurityEvent.objects.filter(
        actor=agent, user=client, kind=Event.RECORD_OPENED, at__gt=since
    )
    if not opened.exists():
        SecurityEvent.objects.record(Event.RECORD_OPENED, client, actor=agent)
