"""Devices that last: those that a Temporary Code and a card are bridges back to.

Its owner adds one (`securelogin.enrolment`), may have several, names them and removes them. Who
is away from one has it put on hold by the desk, and takes it back alone, by proving it.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import DeviceManager

from securelogin import notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import EndReason, HoldReason, Moments, Status
from securelogin.models import (
    LoginDevice,
    LoginDeviceQuerySet,
    SecurityEvent,
    devices_of,
    end_interim_devices,
    lock_client,
    lock_devices,
)
from securelogin.serials import Serials

if TYPE_CHECKING:
    from accounts.models import User

SERIALS = Serials("DEV")
NAME_LENGTH = 40


class TooManyDevicesError(Exception):
    """The client has as many devices of this type as policy allows."""


class PermanentDeviceQuerySet(LoginDeviceQuerySet):
    """Sentences about devices that last, and adding one."""

    def usable(self, now: datetime) -> Self:
        """Not those on hold."""
        return super().usable(now).filter(held_at=None)

    def is_full_for(self, user: User) -> bool:
        """Whether the client has as many as policy allows."""
        return self.of(user).open().count() >= policy().devices_of_a_type

    def new_serial(self) -> str:
        """A serial that no device of this type has yet."""
        serial = SERIALS.draw(random.SystemRandom())
        while self.filter(serial=serial).exists():
            serial = SERIALS.draw(random.SystemRandom())
        return serial

    def enrol(self, user: User, *, name: str, serial: str = "", **columns: Any) -> Any:
        """Add a device that its owner has just proven to hold. Interim devices end with it.

        Args:
            user: the owner.
            name: what the owner calls it; may be empty.
            serial: from `new_serial`, if the owner was shown it before; else a new one.
            columns: what the type stores of it.

        Returns:
            The row, active.

        Raises:
            TooManyDevicesError: see there.
        """
        now = timezone.now()
        with transaction.atomic():
            # SECURITY: one after the other, so that none slips past the limit.
            lock_client(user)
            if self.is_full_for(user):
                raise TooManyDevicesError
            lock_devices(user)
            serial = serial or self.new_serial()
            row = self.create(
                user=user, name=name, serial=serial, activated_at=now, confirmed=True, **columns
            )
            event = SecurityEvent.objects.record(
                Event.DEVICE_ACTIVATED, user, device=row, actor=user, **row.proof_facts
            )
            end_interim_devices(user, EndReason.REPLACED, spare=row, by=user)
            notices.queue("device_added", user, event=event, title=row.title)
        return row


PermanentDeviceManager = DeviceManager.from_queryset(PermanentDeviceQuerySet)


class PermanentDevice(LoginDevice):
    """A device without an end of its own."""

    # What is compared with the device itself before it is taken back.
    serial = models.CharField(max_length=13, unique=True, editable=False)
    held_at = models.DateTimeField(null=True)

    interim: ClassVar[bool] = False
    end_verb: ClassVar[str] = "Remove"
    # It is being taken back from hold by this very answer; in memory only.
    _coming_back = False

    # The plugin takes the base's manager for the declared type.
    objects: ClassVar[Any] = PermanentDeviceManager()  # type: ignore[assignment]

    class Meta(LoginDevice.Meta):
        abstract = True

    @property
    def title(self) -> str:
        """The type and the owner's name for it, or the last four of the serial."""
        kind = str(self._meta.verbose_name)
        return f"{kind} {self.name}" if self.name else f"{kind} ending {self.short_serial}"

    @property
    def short_serial(self) -> str:
        """The last four characters of the serial."""
        return SERIALS.short(self.serial)

    @classmethod
    def clients_by_serial(cls, term: str) -> set[int]:
        """By the whole serial."""
        serial = SERIALS.serial_in(term)
        found = cls.objects.filter(serial=serial) if serial else cls.objects.none()
        return set(found.values_list("user_id", flat=True))

    @property
    def moments(self) -> Moments:
        """With the moment since when it is on hold."""
        return super().moments.on_hold_since(self.held_at)

    @property
    def what_it_may_do(self) -> str:
        """Says how a device on hold comes back."""
        if self.status is Status.ON_HOLD:
            return "Nothing while it is on hold. Reactivate it when you have it with you again."
        return super().what_it_may_do

    @property
    def desk_status(self) -> str:
        """Says what ends the hold."""
        held = self.status is Status.ON_HOLD
        return "on hold until its owner proves it again" if held else super().desk_status

    @property
    def actions(self) -> list[dict[str, str]]:
        """Take it back, rename it, remove it."""
        if self.status is Status.ON_HOLD:
            url = reverse("securelogin:reactivate", args=[self.type_slug, self.pk])
            return [{"label": "Reactivate", "url": url, "style": "primary"}, self.end_action]
        url = reverse("securelogin:rename_device", args=[self.type_slug, self.pk])
        return [{"label": "Rename", "url": url, "style": "link"}, self.end_action]

    # Changes ------------------------------------------------------------------------------

    def rename(self, name: str) -> None:
        """Call it something else."""
        with transaction.atomic():
            self.name = name
            self.save(update_fields=["name"])
            SecurityEvent.objects.record(
                Event.DEVICE_RENAMED, self.user, device=self, actor=self.user
            )

    def hold(
        self, *, by: User | None, reason: HoldReason = HoldReason.AWAY, ticket: str = ""
    ) -> bool:
        """It and its sessions open nothing until its owner has taken it back.

        Args:
            by: the member of staff; None for the portal.
            reason: why.
            ticket: the desk's case.

        Returns:
            Whether this call put it on hold.
        """
        with transaction.atomic():
            mine = type(self).objects.filter(pk=self.pk, ended_at=None, held_at=None)
            # SECURITY: django-otp drops the sessions of a device that is not confirmed.
            if not mine.update(held_at=timezone.now(), confirmed=False):
                return False
            self.refresh_from_db(fields=["held_at", "confirmed"])
            detail = {"reason": reason.value} | ({"ticket": ticket} if ticket else {})
            SecurityEvent.objects.record(
                Event.DEVICE_HELD, self.user, device=self, actor=by, **detail
            )
        return True

    def may_answer(self, now: datetime) -> bool:
        """On hold only the answer that takes it back is looked at."""
        if self._coming_back:
            return self.status_at(now) is Status.ON_HOLD
        return super().may_answer(now)

    @property
    def unused(self) -> dict[str, Any]:
        """A device that was put on hold meanwhile does not serve."""
        return {**super().unused, "held_at__isnull": not self._coming_back}

    @sensitive_variables()
    def reactivate(self, answer: str) -> bool:
        """Take it back from hold, proven by an answer of its own. What bridged the time ends.

        Call it in a transaction with the session that it is done in.

        Args:
            answer: as in `verify_token`.

        Returns:
            Whether it is back; ``verdict`` says why not.
        """
        with transaction.atomic(savepoint=False):
            lock_client(self.user)
            lock_devices(self.user)
            self.refresh_from_db()
            self._coming_back = True
            back = self._verify(answer, held_at=None, confirmed=True)
            self._coming_back = False
            if not back:
                return False
            event = SecurityEvent.objects.record(
                Event.DEVICE_REACTIVATED, self.user, device=self, actor=self.user
            )
            end_interim_devices(self.user, EndReason.DEVICE_BACK, spare=self, by=self.user)
            notices.queue("device_back", self.user, event=event, title=self.title)
        return True


def permanent_devices_of(user: User) -> list[PermanentDevice]:
    """A client's devices that last and that nobody has ended, those on hold too."""
    return [
        device
        for device in devices_of(user)
        if isinstance(device, PermanentDevice) and device.ended_at is None
    ]
