"""All devices of one client, whatever their types: found, locked, ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, F, QuerySet, Value
from django.utils import timezone

from securelogin.access import Access
from securelogin.device import LoginDevice
from securelogin.failures import Failures, factor_key
from securelogin.lifecycle import EndReason
from securelogin.prepared import Prepared
from securelogin.registry import DeviceTypeConfig, device_types

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


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides how a client is asked for the second factor.

    Attributes:
        held: the types of which the client has a device, in the order of preference.
        open: those among them of which nobody has ended one.
        failures: the present series of wrong answers, if there is one.
    """

    held: list[DeviceTypeConfig]
    open: list[DeviceTypeConfig]
    failures: Failures | None

    @property
    def locked_until(self) -> datetime | None:
        """Until when the second factor is locked (KB1132), or None."""
        return self.failures.factor_locked_until if self.failures else None


def standing_of(user: User) -> Standing:
    """In one statement: most clients have one type or two, and a type that is asked costs a
    page more than the answer to this."""
    types = device_types()
    key = factor_key(user.pk)
    with connection.cursor() as cursor:
        cursor.execute(_standing_statement(), [key, *[user.pk] * len(types)])
        rows = sorted(cursor.fetchall(), key=itemgetter(0))
    held = [types[number] for number, *_rest in rows if number >= 0]
    still_open = [types[number] for number, count, *_rest in rows if number >= 0 and count]
    failures = None
    if rows and rows[0][0] < 0:
        _number, count, total, last_failed_at = rows[0]
        failures = Failures(
            key=key, count=count, total=total, last_failed_at=_moment(last_failed_at)
        )
    return Standing(held, still_open, failures)


@cache
def _standing_statement() -> str:
    quote = connection.ops.quote_name
    # First, because the others take the types of its columns.
    series = f"SELECT -1, count, total, last_failed_at FROM {quote(Failures._meta.db_table)} "  # noqa: S608 - names of tables
    tables = [quote(config.device_model._meta.db_table) for config in device_types()]
    held = (
        f"SELECT {number}, count(*) FILTER (WHERE ended_at IS NULL), 0, NULL FROM {table} "  # noqa: S608 - names of tables
        "WHERE user_id = %s GROUP BY user_id"
        for number, table in enumerate(tables)
    )
    return " UNION ALL ".join([f"{series} WHERE key = %s", *held])


def _moment(stored: object) -> datetime | None:
    # As the ORM reads it: SQLite has no type for moments.
    column = Value(None, output_field=DateTimeField())
    for convert in connection.ops.get_db_converters(column):
        stored = convert(stored, column, connection)
    return cast("datetime | None", stored)


def devices_of(user: User, *, issuers: bool = False) -> list[LoginDevice]:
    """All devices of a client, every type, the open ones first and the newest first.

    Args:
        user: whose.
        issuers: with the members of staff who issued them.
    """
    devices: list[LoginDevice] = []
    for config in standing_of(user).held:
        devices += _all(config, issuers=issuers)(user=user.pk)
    for device in devices:
        device.user = user
    ended = [device for device in devices if device.ended_at is not None]
    ended.sort(key=lambda device: device.ended_at or timezone.now(), reverse=True)
    return [device for device in devices if device.ended_at is None] + ended


def iter_usable_devices(
    user: User,
    now: datetime,
    *,
    lock: bool = False,
    types: Iterable[DeviceTypeConfig] | None = None,
    first: str = "",
) -> Iterator[LoginDevice]:
    """The devices that open a session now, the one used last first, one query a type.

    Then in the order of preference.

    Args:
        lock: for a verification, inside a transaction.
        types: from `Standing`, where that is known.
        first: the slug of the type to begin with, instead of the one used last.
    """
    if types is None:
        # A verification mostly ends with the first type: asking which there are is no gain.
        types = device_types() if lock else standing_of(user).open

    def place(config: DeviceTypeConfig) -> tuple[bool, bool]:
        return config.slug != first, config.slug != user.last_device_type

    for config in sorted(types, key=place):
        for device in _usable(config, lock=lock)(user=user.pk, now=now):
            device.user = user
            if device.can_verify:
                yield device


@cache
def _usable(config: DeviceTypeConfig, *, lock: bool) -> Prepared[LoginDevice]:
    latest = (F("last_used_at").desc(nulls_last=True), "-activated_at")

    def build(user: Any, now: Any) -> QuerySet[LoginDevice]:
        devices = config.device_model.objects.filter(user_id=user).usable(now).order_by(*latest)
        return cast("QuerySet[LoginDevice]", devices.for_verification() if lock else devices)

    return Prepared(build, user=BigIntegerField(), now=DateTimeField())


@cache
def _all(config: DeviceTypeConfig, *, issuers: bool) -> Prepared[LoginDevice]:
    def build(user: Any) -> QuerySet[LoginDevice]:
        devices = config.device_model.objects.filter(user_id=user).order_by("-created_at")
        found = devices.select_related("issued_by") if issuers else devices
        return cast("QuerySet[LoginDevice]", found)

    return Prepared(build, user=BigIntegerField())


def usable_devices(user: User, now: datetime) -> list[LoginDevice]:
    """`iter_usable_devices` as a list."""
    return list(iter_usable_devices(user, now))


def usable_among(devices: list[LoginDevice], user: User, now: datetime) -> list[LoginDevice]:
    """Those of a client's devices that open a session now, as `iter_usable_devices` sorts them.

    Args:
        devices: from `devices_of`.
        user: the client.
        now: aware.
    """
    order = {config.slug: place for place, config in enumerate(device_types())}
    order[user.last_device_type] = -1

    def latest_first(device: LoginDevice) -> tuple[int, float, float]:
        used, activated = device.last_used_at, device.activated_at
        return (
            order[device.type_slug],
            -used.timestamp() if used else 0,
            -activated.timestamp() if activated else 0,
        )

    able = (d for d in devices if d.access_at(now) is not Access.NONE and d.can_verify)
    return sorted(able, key=latest_first)


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
