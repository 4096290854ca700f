"""What a security device of any type is: its columns, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin, TimestampMixin

from securelogin.access import Access, access_of
from securelogin.conf import policy
from securelogin.lifecycle import EndReason, Moments, Status, run_out, status_at
from securelogin.moments import describe
from securelogin.protection import Protection, WithdrawalLimits
from securelogin.registry import DeviceTypeConfig, device_type_of


class DeviceFacts(TimestampMixin, ThrottlingMixin, Device):
    """The columns of every security device, and what can be said of it.

    ``confirmed`` is true exactly while the device was activated and not ended, because
    django-otp drops the session of a device that is not confirmed. It does not gate
    verification, so `verify_token` looks at the status itself.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    activated_at = models.DateTimeField(null=True)
    activate_by = models.DateTimeField(null=True)
    limited_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = models.CharField(
        max_length=20, blank=True, choices=[(reason, reason.desk_label) for reason in EndReason]
    )

    # A bridge until a permanent device is back: ends when something stronger is activated.
    interim: ClassVar[bool] = True
    # What its owner calls it on buttons: "Cancel this card".
    noun: ClassVar[str] = "device"
    # What its owner does to end it.
    end_verb: ClassVar[str] = "Cancel"
    # How the timeline reads the short values that the type stores in its events: topic -> value
    # -> words (securelogin.desk.sentences).
    event_words: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    # The notice that it has run out; empty for none.
    ended_notice: ClassVar[str] = ""
    # Columns that are emptied when the device ends, since nothing may verify any more.
    secret_columns: ClassVar[dict[str, bytes]] = {}

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def device_type(self) -> DeviceTypeConfig:
        """The type's description in the registry."""
        return device_type_of(self)

    @property
    def type_slug(self) -> str:
        """The type in addresses."""
        return self.device_type.slug

    @property
    def title(self) -> str:
        """What the client calls it: type and last four of the serial, never a secret."""
        return str(self._meta.verbose_name)

    @classmethod
    def clients_by_serial(cls, term: str) -> set[int]:
        """Primary keys of the clients of a device with this serial, for the desk's search.

        Args:
            term: what an agent typed; mostly it is something else.
        """
        return set()

    @property
    def logins_left(self) -> int | None:
        """How many sign-ins it still allows; None if they are not counted."""
        return None

    @property
    def desk_note(self) -> str:
        """What the desk should know of it beside its state, in a few words; empty: nothing."""
        return ""

    @property
    def desk_status(self) -> str:
        """Its status, and once it is over how it ended, in the desk's words."""
        reason = self.end_reason or run_out(timezone.now(), self.moments)
        return EndReason(reason).desk_label if reason else self.status.label

    @property
    def moments(self) -> Moments:
        """Its stored moments, for the rules."""
        return Moments(
            self.activated_at,
            self.activate_by,
            self.limited_at,
            self.expires_at,
            self.ended_at,
            EndReason(self.end_reason) if self.end_reason else None,
        )

    def status_at(self, now: datetime) -> Status:
        """Its status at a moment."""
        return status_at(now, self.moments)

    @property
    def status(self) -> Status:
        """Its status now."""
        return self.status_at(timezone.now())

    def access_at(self, now: datetime) -> Access:
        """How far a session reaches that was opened with it."""
        return access_of(self.status_at(now))

    @property
    def valid_until(self) -> datetime | None:
        """The end of what it may do now; None if nothing ends it."""
        if self.status is Status.WAITING:
            return self.activate_by
        return self.expires_at

    @property
    def end_reason_label(self) -> str:
        """How it ended, in words."""
        reason = self.end_reason or run_out(timezone.now(), self.moments)
        return EndReason(reason).label if reason else ""

    @property
    def what_it_may_do(self) -> str:
        """One sentence: what it allows until when, in the client's zone."""
        zone = self.user.time_zone
        status = self.status
        if status is Status.WAITING and self.activate_by:
            return f"Can be activated until {describe(self.activate_by, zone)}."
        if status is Status.LIMITED and self.expires_at:
            return f"Only requesting a card, until {describe(self.expires_at, zone)}."
        if status is Status.ACTIVE and self.limited_at and self.expires_at:
            return (
                f"Full access until {describe(self.limited_at, zone)}, then only requesting "
                f"a card until {describe(self.expires_at, zone)}."
            )
        if status is Status.ACTIVE:
            end = f" until {describe(self.expires_at, zone)}" if self.expires_at else ""
            return f"Full access{end}."
        return "Nothing any more."

    @property
    def protection(self) -> Protection:
        """How well it protects."""
        return self.device_type.protection

    @property
    def withdrawal_limits(self) -> WithdrawalLimits:
        """How much may be withdrawn in a session that was opened with it (KB2895)."""
        return policy().withdrawal_limits(self.protection)

    @property
    def actions(self) -> list[dict[str, str]]:
        """What its owner may do with it: label, address and style of each."""
        return [self.end_action]

    @property
    def end_action(self) -> dict[str, str]:
        """The way to its end by its owner."""
        url = reverse("securelogin:cancel_device", args=[self.type_slug, self.pk])
        return {"label": f"{self.end_verb} this {self.noun}", "url": url, "style": "link"}
