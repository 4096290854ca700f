"""Where clients stand now: their devices and their locks. Only read here.

A list of clients costs as many queries as one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from securelogin.access import Access, Reach, access_of, reach
from securelogin.lifecycle import Status
from securelogin.models import Failures, LoginDevice, factor_key
from securelogin.registry import device_types

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(slots=True)
class Standing:
    """One client.

    Attributes:
        devices: nobody has ended them; they may have run out all the same.
        locked_until: until when the second factor is locked, aware; None: it is not.
    """

    devices: list[LoginDevice] = field(default_factory=list)
    locked_until: datetime | None = None


def standings(clients: Iterable[User]) -> dict[int, Standing]:
    """The standing of each of these clients by primary key: one query for each type of device,
    and one for the locks."""
    found = {client.pk: Standing() for client in clients}
    for config in device_types():
        for device in config.device_model.objects.open().filter(user_id__in=found):
            found[device.user_id].devices.append(device)
    by_key = {factor_key(pk): standing for pk, standing in found.items()}
    for series in Failures.objects.filter(key__in=by_key):
        by_key[series.key].locked_until = series.factor_locked_until
    return found


def reach_of(devices: Iterable[LoginDevice], now: datetime) -> Reach:
    """How far a client reaches with these devices."""
    return reach((device.moments for device in devices if device.can_verify), now)


def is_current(device: LoginDevice, now: datetime) -> bool:
    """Whether it allows something, or waits to be activated or taken back; else it is over."""
    status = device.status_at(now)
    return access_of(status) is not Access.NONE or status in {Status.WAITING, Status.ON_HOLD}
