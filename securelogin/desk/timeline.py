"""The timeline: rows of events in words, found by filters, page by page.

Pages are cut by position (moment and id), not by number: rows that are appended meanwhile move
nothing, and the last page costs as much as the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from securelogin.conf import policy
from securelogin.desk.models import IdentityCheck
from securelogin.desk.sentences import (
    SHARED_WORDS,
    Group,
    Words,
    group_of,
    kinds_of,
    needs_look,
    plain,
    sentence,
)
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.registry import DeviceTypeConfig, device_types

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One line of the timeline.

    Attributes:
        at: the moment, aware.
        who: ``client``, the user name of a member of staff, or ``system``.
        what: the event in words.
        source: network and browser; empty where no request was.
        reference: the name to say on the phone.
        group: what it is about, in words.
        needs_look: whether somebody should look into it.
        event: the row behind it.
    """

    at: datetime
    who: str
    what: str
    source: str
    reference: str
    group: str
    needs_look: bool
    event: SecurityEvent

    @property
    def client(self) -> str:
        """The client's name; empty where nobody's is known."""
        user = self.event.user
        return plain(user.get_full_name() or user.username) if user else ""


def timeline_rows(events: Iterable[SecurityEvent], client: User | None = None) -> list[TimelineRow]:
    """Events in words.

    Args:
        events: with their ``actor``, and ``user`` if they are of several clients.
        client: whose events they all are; None for events of several clients.
    """
    return [_row(event, client) for event in events]


def _row(event: SecurityEvent, client: User | None) -> TimelineRow:
    config = device_type_of_event(event)
    try:
        kind = Event(event.kind)
    except ValueError:
        # Written by another release. The page must not fail for it, nor show it raw.
        what, group, look = "An event that this version has no words for", "", False
    else:
        what = sentence(kind, event.title, event.detail, words=words_of(config), numbers=policy())
        about, look = group_of(kind), needs_look(kind, event.detail)
        group = str(config.verbose_name) if config and about is Group.DEVICES else about.label
    return TimelineRow(
        at=event.at,
        who=_who(event, client),
        what=what,
        source=" ".join(filter(None, [event.network, event.browser])),
        reference=event.reference,
        group=group,
        needs_look=look,
        event=event,
    )


def _who(event: SecurityEvent, client: User | None) -> str:
    if event.actor_id is None:
        return "system"
    # Staff who open their own record do it as staff.
    by_staff = event.kind in _STAFF_KINDS
    if event.actor_id == (client.pk if client else event.user_id) and not by_staff:
        return "client"
    return plain(event.actor.username) if event.actor else "system"


_STAFF_KINDS = frozenset({*kinds_of(Group.STAFF), *kinds_of(Group.APPROVALS)}) - {
    Event.CONTACT_CHANGED
}


def device_type_of_event(event: SecurityEvent) -> DeviceTypeConfig | None:
    """The type of the event's device; None for none, or one that is switched off."""
    label = event.device.partition("/")[0]
    return next((c for c in device_types() if c.device_model._meta.label_lower == label), None)


@cache
def words_of(config: DeviceTypeConfig | None) -> Words:
    """The words of one type, or of all: an approval names no device."""
    words: dict[str, dict[str, str]] = {
        topic: dict(values) for topic, values in SHARED_WORDS.items()
    }
    words["document"] = {value: label.lower() for value, label in IdentityCheck.Document.choices}
    words["seen"] = {value: label.lower() for value, label in IdentityCheck.SeenHow.choices}
    for one in [config] if config else device_types():
        for topic, values in one.device_model.event_words.items():
            words.setdefault(topic, {}).update(values)
    return words


def in_words(topic: str, value: str) -> str:
    """A stored value as the desk says it, whatever device type it is of; empty without words.

    Args:
        topic: such as ``action``.
        value: such as ``unlock``.
    """
    return words_of(None).get(topic, {}).get(value, "")
