"""The abstract device that every type subclasses: its end, and the sets of devices."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django_otp.models import DeviceManager

from securelogin import batches, notices
from securelogin.answering import AnsweringDevice
from securelogin.audit import SecurityEvent
from securelogin.events import Event
from securelogin.lifecycle import EndReason, run_out

if TYPE_CHECKING:
    from accounts.models import User


class LoginDeviceQuerySet(models.QuerySet[Any]):
    """Sentences about devices: ``SecurityCard.objects.of(user).usable(now)``."""

    def of(self, user: User) -> Self:
        """The devices of one client."""
        return self.filter(user_id=user.pk)

    def open(self) -> Self:
        """Nobody and nothing has ended them; they may have run out all the same."""
        return self.filter(ended_at=None)

    def usable(self, now: datetime) -> Self:
        """They open a session at ``now``."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.open().filter(unexpired, activated_at__isnull=False)

    def waiting(self, now: datetime) -> Self:
        """Issued, not yet proven, still in time."""
        return self.open().filter(activated_at=None, activate_by__gt=now)

    def for_verification(self) -> Self:
        """With their secrets, and locked until the transaction ends."""
        return self.defer(None).select_for_update()

    def end_run_out(self, now: datetime) -> int:
        """Stamp the end of devices whose time is over (job). Status does not depend on it."""

        def end(device: LoginDevice) -> bool:
            reason = run_out(now, device.moments)
            return bool(reason and device.end(reason))

        unproven = self.open().filter(activated_at=None, activate_by__lte=now)
        over = self.open().filter(expires_at__lte=now)
        # One after the other: each has its index. Clients are asked for apart, as a join may
        # well read all there are.
        return sum(
            batches.each(devices.prefetch_related("user"), end)
            for devices in (unproven.order_by("activate_by"), over.order_by("expires_at"))
        )


LoginDeviceManager = DeviceManager.from_queryset(LoginDeviceQuerySet)


class LoginDevice(AnsweringDevice):
    """A security device: the abstract django-otp device of every type."""

    objects: ClassVar[Any] = LoginDeviceManager()

    class Meta:
        abstract = True
        default_permissions: ClassVar[tuple[str, ...]] = ()
        # For the job: what has run out, what was not proven in time, what retention lets go.
        # Few rows are in the first two, however many devices there are.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["expires_at"],
                condition=Q(ended_at=None, expires_at__isnull=False),
                name="%(class)s_expires",
            ),
            models.Index(
                fields=["activate_by"],
                condition=Q(ended_at=None, activated_at=None),
                name="%(class)s_unproven",
            ),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False),
                name="%(class)s_ended",
            ),
        ]

    def end(self, reason: EndReason, *, by: User | None = None, note: str = "") -> bool:
        """End it now, for good. Its sessions end with it.

        Args:
            reason: why.
            by: the client or staff member who did it; None for the portal.
            note: a staff member's words, kept in the event.

        Returns:
            Whether this call ended it; False if it was over already.
        """
        now = timezone.now()
        with transaction.atomic():
            # One conditional UPDATE decides between parallel calls.
            if (
                not type(self)
                .objects.filter(pk=self.pk, ended_at=None)
                .update(
                    ended_at=now,
                    ended_by=by,
                    end_reason=reason,
                    # SECURITY: django-otp drops the sessions of a device that is not confirmed.
                    confirmed=False,
                    **self.secret_columns,
                )
            ):
                return False
            self.refresh_from_db(fields=["ended_at", "ended_by", "end_reason", "confirmed"])
            detail = {"reason": reason.value} | ({"note": note} if note else {})
            event = SecurityEvent.objects.record(
                Event.DEVICE_ENDED, self.user, device=self, actor=by, **detail
            )
            self.tell_end(reason, by, event)
        return True

    def tell_end(self, reason: EndReason, by: User | None, event: SecurityEvent) -> None:
        """Queue the notice of the end; a type may have more to say."""
        if reason in {EndReason.EXPIRED, EndReason.USED_UP} and self.ended_notice:
            notices.queue(self.ended_notice, self.user, event=event, title=self.title)
        if reason in {
            EndReason.CANCELLED_BY_CLIENT,
            EndReason.CANCELLED_BY_STAFF,
            EndReason.REPORTED_LOST,
        }:
            notices.queue(
                "device_cancelled",
                self.user,
                event=event,
                title=self.title,
                who="you" if by is not None and by.pk == self.user_id else "Client Services",
            )

    @property
    def successor_expires_at(self) -> datetime | None:
        """The end of a card requested from a session of this device; None: a full life."""
        return None

    @classmethod
    def remind(cls, now: datetime) -> int:
        """Queue the reminders that are due (job; one row for each key). Returns how many."""
        return 0
