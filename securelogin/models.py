"""What all device types share: the abstract device, the counters, the outbox.

A state change is one method here or on a type's model. It runs in one transaction, writes its
`SecurityEvent` and queues its `Notice`; views, the admin and commands only call it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import Device, DeviceManager, ThrottlingMixin, TimestampMixin

from securelogin import notices, throttle
from securelogin.access import Access, access_of
from securelogin.anchors import AuditAnchor as AuditAnchor
from securelogin.audit import SecurityEvent as SecurityEvent
from securelogin.audit import SecurityEventQuerySet as SecurityEventQuerySet
from securelogin.audit import new_reference as new_reference
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Moments, Status, run_out, status_at
from securelogin.moments import describe
from securelogin.protection import Protection, WithdrawalLimits
from securelogin.registry import DeviceTypeConfig, device_type_of, device_types
from securelogin.throttle import NEVER, Limit, forgotten_before
from securelogin.verdict import COUNTED, RECORDED_ONCE, Verdict

if TYPE_CHECKING:
    from accounts.models import User


def factor_key(user_id: int | str) -> str:
    """The key of a client's wrong second factors.

    SECURITY: failures belong to the client, not the device: a new code or card, a cancelled
    one or a second device never resets the count (NIST SP 800-63B-4 3.2.2).
    """
    return f"factor:{user_id}"


class FailuresQuerySet(models.QuerySet["Failures"]):
    """Counting in one statement, so that parallel failures are all counted."""

    def of_factor(self, user_id: int) -> Failures | None:
        """A client's present series of wrong second factors, if there is one."""
        return self.filter(key=factor_key(user_id)).first()

    def record(self, key: str, limit: Limit) -> Failures:
        """Count one failure under a key.

        Args:
            key: whose, such as `factor_key`.
            limit: says when an older series is over.

        Returns:
            The row, with this failure counted.
        """
        now = timezone.now()
        table = connection.ops.quote_name(self.model._meta.db_table)
        moment = connection.ops.adapt_datetimefield_value
        # SECURITY: one atomic upsert. Read, add and write would lose failures that come at once.
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} AS known (key, count, total, last_failed_at) "  # noqa: S608 - a constant
                "VALUES (%s, 1, 1, %s) ON CONFLICT (key) DO UPDATE SET "
                "count = CASE WHEN known.last_failed_at <= %s THEN 1 ELSE known.count + 1 END, "
                "total = known.total + 1, last_failed_at = excluded.last_failed_at "
                "RETURNING id, count, total",
                [key, moment(now), moment(forgotten_before(limit, now))],
            )
            pk, count, total = cursor.fetchone()
        return Failures(pk=pk, key=key, count=count, total=total, last_failed_at=now)


class Failures(models.Model):
    """A series of consecutive failures under a key, such as one client's second factor."""

    key = models.CharField(max_length=90, unique=True)
    count = models.PositiveIntegerField(default=0)
    # Since the last success, however far apart: for the ceiling.
    total = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(null=True)

    objects = FailuresQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.count} failures"

    def locked_until(self, limit: Limit) -> datetime | None:
        """Until when tries under this key are refused, or None."""
        return throttle.locked_until(
            self.count, self.total, self.last_failed_at, limit, timezone.now()
        )

    @property
    def count_now(self) -> int:
        """The failures of a client's second factor that count now."""
        limit, now = policy().factor_limit, timezone.now()
        over = self.last_failed_at and self.last_failed_at <= forgotten_before(limit, now)
        return 0 if over else min(self.count, limit.attempts)

    @property
    def factor_locked_until(self) -> datetime | None:
        """Until when a client's second factor is locked (KB1132), or None."""
        return self.locked_until(policy().factor_limit)


class Notice(models.Model):
    """One e-mail to send: the row is the outbox, written with the change it tells of.

    Delivery is a task after the commit; what fails stays here and is tried again by
    ``manage.py run_jobs``. So mail never blocks a change, and no change goes untold.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=40)
    context = models.JSONField(default=dict)
    # Reminders are queued by a job that may run any number of times: one row for each key.
    key = models.CharField(max_length=120, unique=True, null=True)  # noqa: DJ001 - unique
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    # Addresses that have it already, when another one did not take it.
    sent_to = models.JSONField(default=list)
    # Moved on by each attempt before it sends: nobody else sends meanwhile.
    next_try_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=80, blank=True)

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], condition=Q(sent_at=None), name="notice_unsent")
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


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

    def end_run_out(self, now: datetime, batch: int = 500) -> int:
        """Stamp the end of devices whose time is over (job). Status does not depend on it."""
        over = self.open().filter(
            Q(expires_at__lte=now) | Q(activated_at=None, activate_by__lte=now)
        )
        ended = 0
        for device in over.select_related("user")[:batch]:
            reason = run_out(now, device.moments)
            ended += bool(reason and device.end(reason))
        return ended


LoginDeviceManager = DeviceManager.from_queryset(LoginDeviceQuerySet)


class LoginDevice(TimestampMixin, ThrottlingMixin, Device):
    """A security device: the abstract django-otp device of every type.

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
    # The last verdict of verify_token, in memory only.
    verdict: Verdict | None = None
    # The same form with the same wrong answer was refused just before (`securelogin.resending`),
    # in memory only.
    resent: bool = False
    # The client's series of wrong answers, as verify_token met it, in memory only.
    series: Failures | None = None

    objects: ClassVar[Any] = LoginDeviceManager()

    class Meta:
        abstract = True
        default_permissions: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return self.title

    # What it is ---------------------------------------------------------------------------

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

    # Verification -------------------------------------------------------------------------

    def get_throttle_factor(self) -> int:
        """Waits of 1, 2, 4, 8 ... seconds after wrong answers (django-otp)."""
        return 1

    def judge(self, answer: str, now: datetime) -> Verdict:
        """Whether the answer is right (a type's own part). Must not count nor use it up.

        Called with the row locked, for a device that may verify now.
        """
        raise NotImplementedError

    @property
    def can_verify(self) -> bool:
        """Whether it can open one more session, apart from its status."""
        return True

    @property
    def proof_facts(self) -> dict[str, str]:
        """What the answer just accepted said besides, in the short values of `event_words`."""
        return {}

    @property
    def may_reset_password(self) -> bool:
        """Whether it proves enough, beside a number sent by e-mail, for a forgotten password."""
        return True

    @property
    def question(self) -> str:
        """What is asked now, where the right answer stays the same until it is given. Empty: it
        changes by itself, so what was wrong may be right a little later."""
        return ""

    @property
    def unused(self) -> dict[str, Any]:
        """The columns, with their values, that say that the judged answer has not served yet."""
        return {}

    @property
    def used(self) -> dict[str, Any]:
        """The columns, with their new values, that say that it has."""
        return {}

    def use_up(self, **changes: Any) -> bool:
        """The judged answer serves now, with whatever else changes with it.

        SECURITY: one conditional UPDATE decides between parallel answers, on every database.

        Returns:
            False if the answer had served, or the device had ended, meanwhile.
        """
        changes |= self.used
        unused = type(self).objects.filter(pk=self.pk, ended_at=None, **self.unused)
        if not unused.update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    @sensitive_variables()
    def verify_token(self, token: str) -> bool:
        """django-otp's question, with the portal's answer: status, lock, wait, then the type.

        Call it through ``django_otp.verify_token``, which holds the row lock. The reason of a
        refusal is left in ``verdict``.

        Args:
            token: the answer, already cleaned by the form.
        """
        return self._verify(token)

    @sensitive_variables()
    def prove_again(self, token: str, *, password_right: bool) -> bool:
        """`verify_token` for an answer that was given together with a password.

        SECURITY: a wrong password refuses, counts and takes as long as a wrong answer does, and
        uses nothing up; so nothing tells which of the two was wrong.

        Args:
            token: as in `verify_token`.
            password_right: what the password was found to be.
        """
        return self._verify(token, other_half=password_right, refused=Event.PROOF_REFUSED)

    @sensitive_variables()
    def _verify(
        self,
        token: str,
        *,
        other_half: bool = True,
        refused: Event = Event.SIGN_IN_REFUSED,
        **changes: Any,
    ) -> bool:
        """`verify_token`; ``changes`` are columns that a right answer sets besides its own."""
        now = timezone.now()
        # No savepoint: whoever calls rolls everything back, or nothing.
        with transaction.atomic(savepoint=False):
            self.verdict = self._refusal(now) or self.judge(token, now)
            if self.verdict is Verdict.ACCEPTED and not other_half:
                self.verdict = Verdict.WRONG
            counted = self.verdict in COUNTED
            if self.verdict is Verdict.ACCEPTED:
                self._accept(now, changes)
            elif counted and not (self.resent and self.verdict is Verdict.WRONG):
                self._count_failure(refused)
            if self.verdict in RECORDED_ONCE and not counted:
                self._record_once(refused, self.verdict)
        return self.verdict is Verdict.ACCEPTED

    def _record_once(self, kind: Event, verdict: Verdict) -> None:
        # The first try of each lock, and the first with what has served: more of them would
        # let a stranger fill the timeline.
        locked = self.series if verdict is Verdict.LOCKED else None
        since = (locked.last_failed_at if locked else self.last_used_at) or self.created_at
        same = SecurityEvent.objects.filter(
            user_id=self.user_id, kind=kind, at__gte=since, detail__verdict=verdict
        )
        if locked is None:
            same = same.filter(device=self.persistent_id)
        if not same.exists():
            SecurityEvent.objects.record(
                kind, self.user, device=self, actor=self.user, verdict=verdict.value
            )

    @property
    def failures(self) -> Failures | None:
        """The client's present series of wrong answers, if there is one."""
        return Failures.objects.of_factor(self.user_id)

    @property
    def locked_until(self) -> datetime | None:
        """Until when the client's second factor is locked (KB1132), or None."""
        series = self.failures
        return series.factor_locked_until if series else None

    @property
    def wait_seconds(self) -> int:
        """How long until the next answer is looked at, rounded up; 0 if it is now."""
        allowed, why = self.verify_is_allowed()
        if allowed or not why:
            return 0
        rest: timedelta = why["locked_until"] - timezone.now()
        return max(1, -int(-rest.total_seconds() // 1))

    def may_answer(self, now: datetime) -> bool:
        """Whether its answers are looked at at all."""
        return self.access_at(now) is not Access.NONE and self.can_verify

    def _refusal(self, now: datetime) -> Verdict | None:
        # SECURITY: refused before the answer is looked at, so a locked or waiting device
        # never tells whether the answer was right.
        if not self.may_answer(now):
            return Verdict.ENDED
        self.series = self.failures
        if self.series and self.series.factor_locked_until:
            return Verdict.LOCKED
        return None if self.verify_is_allowed()[0] else Verdict.WAIT

    def _accept(self, now: datetime, changes: dict[str, Any]) -> None:
        first = self.last_used_at is None
        if not self.use_up(
            last_used_at=now,
            throttling_failure_timestamp=None,
            throttling_failure_count=0,
            **changes,
        ):
            self.verdict = Verdict.ENDED
            return
        if self.series:
            self.series.delete()
        if first:
            event = SecurityEvent.objects.record(
                Event.DEVICE_FIRST_USED, self.user, device=self, actor=self.user
            )
            self.tell_first_use(event)

    def tell_first_use(self, event: SecurityEvent) -> None:
        """Queue the notice of the first use, if the type has one."""

    def _count_failure(self, kind: Event) -> None:
        numbers = policy()
        self.throttle_increment(commit=False)
        self.save(update_fields=["throttling_failure_timestamp", "throttling_failure_count"])
        series = Failures.objects.record(factor_key(self.user_id), numbers.factor_limit)
        # A plain wrong answer needs no word of its own.
        why = {} if self.verdict is Verdict.WRONG else {"verdict": str(self.verdict)}
        event = SecurityEvent.objects.record(
            kind, self.user, device=self, actor=self.user, failures=series.count, **why
        )
        self.tell_refusal(event)
        if until := series.factor_locked_until:
            self.verdict = Verdict.LOCKED
            event = SecurityEvent.objects.record(
                Event.LOGIN_LOCKED, self.user, device=self, total=series.total
            )
            ends = "" if until == NEVER else describe_for(self.user, until)
            notices.queue("login_locked", self.user, event=event, until=ends)

    def tell_refusal(self, event: SecurityEvent) -> None:
        """Queue a notice of a refusal that its owner must know of, if the type has one."""

    @property
    def attempts_left(self) -> int:
        """Wrong answers until the client's second factor is locked."""
        series = self.failures
        return policy().factor_attempts - (series.count_now if series else 0)

    # The end ------------------------------------------------------------------------------

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

    # Cards --------------------------------------------------------------------------------

    @property
    def successor_expires_at(self) -> datetime | None:
        """The end of a card requested from a session of this device; None: a full life."""
        return None

    @classmethod
    def remind(cls, now: datetime) -> int:
        """Queue the reminders that are due (job; one row for each key). Returns how many."""
        return 0


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


def describe_for(user: User, moment: datetime | None) -> str:
    """A moment in the client's zone, in words; empty for None."""
    return describe(moment, user.time_zone) if moment else ""


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
