"""All devices of one client, whatever their types: found, locked, ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import F
from django.utils import timezone

from securelogin.device import LoginDevice
from securelogin.lifecycle import EndReason
from securelogin.registry import device_types

if TYPE_CHECKING:
    from accounts.models import User


def lock_client(user: User) -> None:
    """Inside a transaction: whatever changes this client's devices waits in line.

    The weaker row lock, so that an event of the client, written meanwhile by somebody who
    holds a device's row, does not end in a deadlock.
    """
    get_user_model()._default_manager.select_for_update(no_key=True).get(pk=user.pk)


def lock_devices(user: User) -> list[LoginDevice]:
    """Inside a transaction: the devices of a client that nobody has ended, locked.

    In the order in which a sign-in locks them. Call it before the first event where several
    may end: a sign-in that holds the next of them may wait to record an event of its own.
    """
    devices: list[LoginDevice] = []
    for config in device_types():
        rows = config.device_model.objects.of(user).open()
        devices += rows.select_for_update(no_key=True).order_by("pk")
    for device in devices:
        device.user = user
    return devices


def lift_waits(user: User) -> None:
    """The next answer of each of a client's devices is looked at without a wait."""
    for config in device_types():
        config.device_model.objects.of(user).open().update(
            throttling_failure_timestamp=None, throttling_failure_count=0
        )


def devices_of(user: User) -> list[LoginDevice]:
    """All devices of a client, every type, the open ones first and the newest first."""
    devices: list[LoginDevice] = []
    for config in device_types():
        devices += (
            config.device_model.objects.of(user).select_related("issued_by").order_by("-created_at")
        )
    for device in devices:
        device.user = user
    ended = [device for device in devices if device.ended_at is not None]
    ended.sort(key=lambda device: device.ended_at or timezone.now(), reverse=True)
    return [device for device in devices if device.ended_at is None] + ended


def iter_usable_devices(user: User, now: datetime, *, lock: bool = False) -> Iterator[LoginDevice]:
    """The devices that open a session now, the one used last first, one query a type.

    Then in the order of preference.

    Args:
        lock: for a verification, inside a transaction.
    """
    types = sorted(device_types(), key=lambda config: config.slug != user.last_device_type)
    latest = (F("last_used_at").desc(nulls_last=True), "-activated_at")
    for config in types:
        devices = config.device_model.objects.of(user).usable(now).order_by(*latest)
        for device in devices.for_verification() if lock else devices:
            device.user = user
            if device.can_verify:
                yield device


def usable_devices(user: User, now: datetime) -> list[LoginDevice]:
    """`iter_usable_devices` as a list."""
    return list(iter_usable_devices(user, now))


def end_interim_devices(
    user: User,
    reason: EndReason,
    *,
    spare: LoginDevice | None = None,
    by: User | None = None,
    note: str = "",
) -> int:
    """End every interim device of a client but one: something newer took their place.

    Returns:
        How many were ended.
    """
    ended = 0
    for device in lock_devices(user):
        spared = spare is not None and device.persistent_id == spare.persistent_id
        if device.interim and not spared:
            ended += device.end(reason, by=by, note=note)
    return ended
