"""What the desk should see of a client at once, in a few words each. The clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from securelogin.desk.rules import is_settled
from securelogin.desk.standing import Standing
from securelogin.lifecycle import Status

_OF_DEVICES = {
    Status.ACTIVE: ("ok", "active"),
    Status.LIMITED: ("info", "for requesting a card only"),
    Status.WAITING: ("info", "waiting for activation"),
    Status.ON_HOLD: ("info", "on hold"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A few words, and how much they matter.

    Attributes:
        kind: ``ok``, ``info``, ``warn`` or ``error``; never the only carrier of meaning.
        text: the words.
    """

    kind: str
    text: str


def chips_of(client: User, standing: Standing, now: datetime, *, quiet_days: int) -> list[Chip]:
    """The chips beside a client's name, the worst first.

    Args:
        client: the client.
        standing: of this client.
        now: aware.
        quiet_days: how long a change of contact data counts as recent.
    """
    chips = []
    if not client.is_active:
        chips.append(Chip("error", "Inactive"))
    if standing.locked_until:
        chips.append(Chip("error", "Locked"))
    if client.is_staff or client.is_superuser:
        chips.append(Chip("warn", "Staff"))
    if not is_settled(client.contact_since, now, quiet_days=quiet_days):
        chips.append(Chip("warn", f"Contact data changed {days_ago(client.contact_since, now)}"))
    return chips + [
        Chip(kind, f"{device.noun.capitalize()} {words}")
        for device in standing.devices
        for kind, words in filter(None, [_OF_DEVICES.get(device.status_at(now))])
    ]


def days_ago(moment: datetime, now: datetime) -> str:
    """``today``, ``1 day ago``, ``3 days ago``: whole days of 24 hours.

    Args:
        moment: aware, not after ``now``.
        now: aware.
    """
    days = (now - moment).days
    if days < 1:
        return "today"
    return f"{days} day{'s' if days > 1 else ''} ago"
