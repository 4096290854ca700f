"""Moments in words: month in letters, 24-hour clock, zone always named.

Pure: pages, mails and the desk say a moment in the same words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from securelogin.throttle import NEVER


class _Person(Protocol):
    @property
    def time_zone(self) -> str: ...


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def zone_name(zone: str) -> str:
    """``Europe/Zurich`` -> ``Zurich time``; UTC stays UTC."""
    if zone in {"UTC", "Etc/UTC"}:
        return "UTC"
    return f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} time"


def day(moment: datetime, zone: str) -> str:
    """``14 August 2025`` in the given zone."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def short_day(moment: datetime, zone: str) -> str:
    """``14 Aug 2025``, as printed on a card."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {_MONTHS[local.month - 1][:3]} {local.year}"


def on_paper(moment: datetime, zone: str) -> str:
    """``14 Aug 2025, 23:59 UTC+2``, as printed on a card: paper travels, so the offset is named."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{short_day(moment, zone)}, {local:%H:%M} {_offset(moment, zone)}"


def _offset(moment: datetime, zone: str) -> str:
    return f"UTC{moment.astimezone(ZoneInfo(zone)).isoformat()[-6:].removesuffix(':00')}"


def describe(moment: datetime, zone: str) -> str:
    """``14 August 2025, 23:59 (Zurich time)``; in the hour that a clock change repeats, the
    offset from UTC is added, since the words alone would name two moments.

    Args:
        moment: aware; `NEVER` reads as "until Client Services unlocks it".
        zone: an IANA name, the client's.
    """
    if moment == NEVER:
        return "Client Services unlocks it"
    local = moment.astimezone(ZoneInfo(zone))
    name = zone_name(zone)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        name += f", {_offset(moment, zone)}"
    return f"{day(moment, zone)}, {local:%H:%M} ({name})"


def describe_both(moment: datetime, desk_zone: str, client_zone: str) -> str:
    """The same for an agent who tells it to a client: in both zones, where they differ.

    ``14 August 2025, 23:59 (Zurich time), for the client 22:59 (London time)``

    Args:
        moment: aware.
        desk_zone: an IANA name, the agent's.
        client_zone: an IANA name, the client's.
    """
    here = describe(moment, desk_zone)
    if desk_zone == client_zone:
        return here
    there = describe(moment, client_zone).removeprefix(f"{day(moment, desk_zone)}, ")
    return f"{here}, for the client {there}"


def describe_for(user: _Person, moment: datetime | None) -> str:
    """A moment in the client's zone, in words; empty for None."""
    return describe(moment, user.time_zone) if moment else ""
