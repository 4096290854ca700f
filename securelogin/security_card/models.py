"""The card as a device: made, shown in one session, activated, asked, ended.

No cell value is stored anywhere. The values are derived from a server key and a nonce that
only the session holds which requested the card; the row keeps, for each of the 112 pairs, a
salted keyed hash of its six digits, packed into one column: one row for each card.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Right
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import DeviceManager

from securelogin import keys, notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.fields import KeyIdField
from securelogin.lifecycle import EndReason, Status
from securelogin.models import (
    LoginDevice,
    LoginDeviceQuerySet,
    SecurityEvent,
    describe_for,
    end_interim_devices,
    lock_client,
)
from securelogin.moments import day, on_paper, short_day
from securelogin.security_card import card, challenge
from securelogin.verdict import Verdict

if TYPE_CHECKING:
    from accounts.models import User

_RECORD = keys.SALT_BYTES + keys.DIGEST_BYTES
# Argon2id releases the GIL; each thread holds 19 MiB while it hashes.
MAKING_THREADS = min(4, os.cpu_count() or 1)
# SECURITY: one card at a time in a process. It takes all cores by itself, and its memory must
# not be multiplied by the number of requests.
_making = threading.Lock()


class RequestRefusal(StrEnum):
    """Why this session may not have a card."""

    NOT_ENTITLED = "not_entitled"
    TOO_MANY = "too_many"


class RequestRefusedError(Exception):
    """A card was asked for that the rules refuse; ``reason`` says why."""

    def __init__(self, reason: RequestRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Activation(StrEnum):
    """What became of an attempt to activate."""

    DONE = "done"
    ALREADY = "already"
    WRONG = "wrong"
    INDEX_NUMBERS = "index_numbers"
    CANCELLED = "cancelled"
    LATE = "late"
    OVER = "over"
    KEY_MISSING = "key_missing"


@sensitive_variables()
def hash_answers(answers: list[str], key: bytes, cost: str) -> bytes:
    """Salt and digest of each answer, one after the other, hashed on all cores.

    Args:
        answers: 112 times six digits.
        key: of ANSWER_KEYS.
        cost: of Argon2id.

    Returns:
        112 records of 48 bytes.
    """

    def record(answer: str) -> bytes:
        salt = secrets.token_bytes(keys.SALT_BYTES)
        return salt + keys.digest(answer, salt, key, cost)

    with ThreadPoolExecutor(MAKING_THREADS) as pool:
        return b"".join(pool.map(record, answers))


class SecurityCardQuerySet(LoginDeviceQuerySet):
    """Requesting a card."""

    def end_run_out(self, now: datetime, batch: int = 500) -> int:
        """Also those without a challenge, once the session of the last one must be over."""
        last_session = now - policy().absolute_life
        used_up = self.open().filter(answered__gte=challenge.PAIRS, last_used_at__lt=last_session)
        ended = sum(
            bool(row.end(EndReason.USED_UP)) for row in used_up.select_related("user")[:batch]
        )
        return ended + super().end_run_out(now, batch)

    def request_refusal(self, opened_with: LoginDevice, now: datetime) -> RequestRefusal | None:
        """Why a session of this device may not have a card now (design, rows 11 to 13)."""
        if opened_with.access_at(now) == 0:
            return RequestRefusal.NOT_ENTITLED
        made = self.filter(requested_with=opened_with.persistent_id).count()
        return RequestRefusal.TOO_MANY if made >= policy().cards_per_code else None

    @sensitive_variables()
    def make(
        self,
        user: User,
        opened_with: LoginDevice,
        nonce: bytes,
        remember: Callable[[SecurityCard], None],
    ) -> SecurityCard:
        """Make a card for the session of a proven device; an older waiting card gives way.

        Args:
            user: the client.
            opened_with: the device this session was opened with.
            nonce: 32 random bytes, which the session alone keeps.
            remember: stores the nonce in the session. Called in the transaction that stores
                the card, so that there is never the one without the other.

        Raises:
            RequestRefusedError: the rules refuse.
            ConcurrentRequestError: another request made a card meanwhile.
        """
        if refused := self.request_refusal(opened_with, timezone.now()):
            raise RequestRefusedError(refused)
        known = self.newest_id(user)
        with _making:
            # SECURITY: whoever waited for another request of the same client hashes nothing,
            # so that a burst of requests costs one card.
            if self.newest_id(user) != known:
                raise ConcurrentRequestError
            return self._make(user, opened_with, nonce, remember, known)

    @sensitive_variables()
    def _make(
        self,
        user: User,
        opened_with: LoginDevice,
        nonce: bytes,
        remember: Callable[[SecurityCard], None],
        known: str | None,
    ) -> SecurityCard:
        now = timezone.now()
        value_key_id, value_key = keys.current(settings.VALUE_KEYS)
        key_id, key = keys.current(settings.ANSWER_KEYS)
        cost = keys.cost_in_use()
        order = challenge.shuffle(random.SystemRandom())
        values = card.derive_values(value_key, nonce)
        # The slow part stands outside the transaction: no row is locked while it runs.
        packed = hash_answers(challenge.answers(order, values), key, cost)
        with transaction.atomic():
            # SECURITY: one request at a time for a client; the rules are asked again.
            lock_client(user)
            if self.newest_id(user) != known:
                raise ConcurrentRequestError
            fresh = type(opened_with).objects.get(pk=opened_with.pk)
            if refused := self.request_refusal(fresh, now):
                raise RequestRefusedError(refused)
            for older in self.of(user).filter(activated_at=None).open():
                older.end(EndReason.REPLACED, by=user)
            # A card that has to end with the one it replaces has no longer to wait than that.
            ends_at = fresh.successor_expires_at
            activate_by = min(filter(None, (now + policy().activation_wait, ends_at)))
            row: SecurityCard = self.create(
                user=user,
                confirmed=False,
                serial=card.new_serial(random.SystemRandom()),
                initials=card.initials_of(user.first_name, user.last_name),
                requested_with=opened_with.persistent_id,
                must_end_at=ends_at,
                activate_by=activate_by,
                order=order,
                answers=packed,
                key_id=key_id,
                value_key_id=value_key_id,
                hash_cost=cost,
            )
            SecurityEvent.objects.record(Event.DEVICE_ISSUED, user, device=row, actor=user)
            remember(row)
        return row

    def newest_id(self, user: User) -> str | None:
        """The public id of the client's newest card, or None."""
        newest = self.of(user).order_by("-pk").values_list("public_id", flat=True)
        return newest.first()


class ConcurrentRequestError(Exception):
    """Another request of this client made a card while this one was being made."""


def new_public_id() -> str:
    """The card's name in addresses: 96 random bits, worthless without the session cookie."""
    return secrets.token_urlsafe(12)


# As `card.short_serial`, in the database.
SHORT_SERIAL = Right("serial", 4)
_CardManager = DeviceManager.from_queryset(SecurityCardQuerySet)


class SecurityCardManager(_CardManager):
    """Leaves the five kilobytes of hashes in the database until a sign-in needs one."""

    def get_queryset(self) -> SecurityCardQuerySet:
        """Every query but the verification."""
        return cast("SecurityCardQuerySet", super().get_queryset().defer("answers"))


class SecurityCard(LoginDevice):
    """One card of one client."""

    class Kept(models.TextChoices):
        """How the portal saw the client keep a copy."""

        PRINT = "print", "print"
        PDF = "pdf", "PDF"
        PNG = "png", "PNG"
        TEXT = "text", "text"

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id)
    serial = models.CharField(max_length=13, unique=True)
    initials = models.CharField(max_length=12, blank=True)
    # persistent_id of the device whose session requested the card.
    requested_with = models.CharField(max_length=80)
    # A card that replaces an active one keeps its end (design, row 12); null: a full life.
    must_end_at = models.DateTimeField(null=True)
    kept = models.CharField(max_length=5, choices=Kept.choices, blank=True)
    order = models.BinaryField()
    answers = models.BinaryField()
    answered = models.PositiveSmallIntegerField(default=0)
    # The number of the challenge for which typed index numbers were forgiven.
    forgiven = models.SmallIntegerField(default=-1)
    activation_failures = models.PositiveSmallIntegerField(default=0)
    key_id = KeyIdField("ANSWER_KEYS", needed=Q(ended_at=None))
    value_key_id = KeyIdField("VALUE_KEYS", needed=Q(ended_at=None, activated_at=None))
    hash_cost = models.CharField(max_length=24)

    noun = "card"
    event_words = {"how": {**dict(Kept.choices), "text": "as text"}}
    ended_notice = "card_ended"
    secret_columns: ClassVar[dict[str, bytes]] = {"order": b"", "answers": b""}

    objects: ClassVar[SecurityCardManager] = SecurityCardManager()  # type: ignore[assignment]

    class Meta(LoginDevice.Meta):
        abstract = False
        verbose_name = "Online Security Code Card"
        verbose_name_plural = "Online Security Code Cards"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at=None, activated_at=None),
                name="one_waiting_card_per_client",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at=None, activated_at__isnull=False),
                name="one_active_card_per_client",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(ended_at=None), name="card_open_expires"
            ),
            models.Index(
                fields=["activate_by"], condition=Q(ended_at=None), name="card_open_activate_by"
            ),
            models.Index(fields=["requested_with"], name="card_requested_with"),
            models.Index(SHORT_SERIAL, name="card_short_serial"),
        ]

    # What it is ---------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The type and the last four of the serial."""
        return f"{self._meta.verbose_name} ending {self.short_serial}"

    @classmethod
    def clients_by_serial(cls, term: str) -> set[int]:
        """By the whole serial, or by its last four characters as they are printed."""
        if serial := card.serial_in(term):
            found = cls.objects.filter(serial=serial)
        elif short := card.short_serial_in(term):
            found = cls.objects.alias(short=SHORT_SERIAL).filter(short=short)
        else:
            return set()
        return set(found.values_list("user_id", flat=True))

    @property
    def short_serial(self) -> str:
        """The card's short name."""
        return card.short_serial(self.serial)

    @property
    def pair(self) -> challenge.Pair | None:
        """The open challenge: the same until it is answered; None when none is left."""
        return challenge.pair(bytes(self.order), self.answered)

    @property
    def logins_left(self) -> int:
        """Sign-ins that the card still allows."""
        return challenge.PAIRS - max(self.answered, 1)

    @property
    def activation_attempts_left(self) -> int:
        """Wrong answers until this waiting card is cancelled."""
        return max(0, policy().activation_attempts - self.activation_failures)

    @property
    def successor_expires_at(self) -> datetime | None:
        """A replacement keeps the end date: a card stays an interim solution."""
        return self.expires_at

    @property
    def actions(self) -> list[dict[str, str]]:
        """Activate or discard a waiting card, cancel an active one."""
        if self.status is Status.WAITING:
            base = "securelogin:security_card:"
            return [
                {
                    "label": "Activate",
                    "url": reverse(f"{base}activate", args=[self.public_id]),
                    "style": "primary",
                },
                {
                    "label": "Discard",
                    "url": reverse(f"{base}discard", args=[self.public_id]),
                    "style": "link",
                },
            ]
        return super().actions

    @sensitive_variables()
    def sheet(self, nonce: bytes) -> card.Sheet:
        """What is drawn, for the session that holds the nonce.

        Raises:
            KeyMissingError: the key of its values was removed.
        """
        key = keys.find(settings.VALUE_KEYS, self.value_key_id)
        return card.Sheet(
            brand=settings.BRAND["name"],
            serial=self.serial,
            initials=self.initials,
            issued_on=short_day(self.created_at or timezone.now(), self.user.time_zone),
            lifetime_days=policy().card_days,
            ends_at=on_paper(self.must_end_at, self.user.time_zone) if self.must_end_at else "",
            phone=settings.BRAND["phone"],
            values=card.derive_values(key, nonce),
            specimen=settings.SPECIMEN_CARDS,
        )

    # Verification -------------------------------------------------------------------------

    @sensitive_variables()
    def judge(self, answer: str, now: datetime) -> Verdict:
        """Whether the six digits answer the open challenge."""
        try:
            right = self._is_answer(answer)
        except keys.KeyMissingError:
            return Verdict.KEY_MISSING
        if right:
            return Verdict.ACCEPTED
        return Verdict.INDEX_NUMBERS if self._forgive(answer) else Verdict.WRONG

    @property
    def question(self) -> str:
        """The number of the open challenge."""
        return f"pair {self.answered}"

    @property
    def unused(self) -> dict[str, Any]:
        """The open challenge is still the one that was judged."""
        return {"answered": self.answered}

    @property
    def used(self) -> dict[str, Any]:
        """The next challenge is open: a pair serves once."""
        return {"answered": self.answered + 1}

    @property
    def can_verify(self) -> bool:
        """A challenge is left. After the last one its session goes on; the job ends the card."""
        return self.answered < challenge.PAIRS

    def _accept(self, now: datetime, changes: dict[str, Any]) -> None:
        super()._accept(now, changes)
        self.remind_of_logins_left()

    @sensitive_variables()
    def _is_answer(self, answer: str) -> bool:
        if self.pair is None:
            return False
        start = self.answered * _RECORD
        record = bytes(self.answers)[start : start + _RECORD]
        salt, expected = record[: keys.SALT_BYTES], record[keys.SALT_BYTES :]
        key = keys.find(settings.ANSWER_KEYS, self.key_id)
        return keys.matches(answer, salt, key, self.hash_cost, expected)

    def _forgive(self, answer: str) -> bool:
        asked = self.pair
        if asked is None or self.forgiven == self.answered:
            return False
        if not challenge.is_index_numbers(asked, answer):
            return False
        self.forgiven = self.answered
        self.save(update_fields=["forgiven"])
        return True

    # Activation ---------------------------------------------------------------------------

    @sensitive_variables()
    def activate(self, answer: str) -> Activation:
        """Prove the copy: the right digits make it the client's device, at once.

        Ends every other interim device (the Temporary Code, an older card), tells the
        client, and is complete when it returns. Parallel and repeated calls: one activates.

        Args:
            answer: six digits, cleaned by the form.
        """
        with transaction.atomic():
            lock_client(self.user)
            # Of the card alone: with the client's row, too, sign-ins would deadlock with this.
            locked = type(self).objects.select_for_update(of=("self",)).select_related("user")
            row = locked.get(pk=self.pk)
            outcome: Activation = row._activate(answer, timezone.now())
        self.refresh_from_db()
        return outcome

    @sensitive_variables()
    def _activate(self, answer: str, now: datetime) -> Activation:
        if self.status_at(now) is Status.ACTIVE:
            return Activation.ALREADY
        if self.status_at(now) is not Status.WAITING:
            late = self.ended_at is None or self.end_reason == EndReason.NOT_ACTIVATED
            return Activation.LATE if late else Activation.OVER
        try:
            right = self._is_answer(answer)
        except keys.KeyMissingError:
            return Activation.KEY_MISSING
        if right:
            return self._become_active(now)
        if self._forgive(answer):
            return Activation.INDEX_NUMBERS
        return self._refuse_activation()

    def _become_active(self, now: datetime) -> Activation:
        # The older card goes first: the database holds one active card for a client.
        end_interim_devices(self.user, EndReason.REPLACED, spare=self, by=self.user)
        end = self.must_end_at or now + policy().card_life
        if not self.use_up(activated_at=now, expires_at=end, confirmed=True):
            return Activation.OVER
        event = SecurityEvent.objects.record(
            Event.DEVICE_ACTIVATED, self.user, device=self, actor=self.user
        )
        notices.queue(
            "card_activated",
            self.user,
            event=event,
            title=self.title,
            until=describe_for(self.user, end),
            until_day=day(end, self.user.time_zone),
        )
        return Activation.DONE

    def _refuse_activation(self) -> Activation:
        self.activation_failures += 1
        self.save(update_fields=["activation_failures"])
        event = SecurityEvent.objects.record(
            Event.DEVICE_ACTIVATION_REFUSED,
            self.user,
            device=self,
            actor=self.user,
            failures=self.activation_failures,
        )
        if self.activation_attempts_left:
            return Activation.WRONG
        self.end(EndReason.WRONG_DIGITS)
        notices.queue("card_cancelled_wrong", self.user, event=event, title=self.title)
        return Activation.CANCELLED

    # Evidence and reminders ---------------------------------------------------------------

    def keep(self, how: Kept) -> None:
        """Remember how a copy was kept: first evidence counts, later ones are events too."""
        with transaction.atomic():
            if type(self).objects.filter(pk=self.pk, kept="").update(kept=how):
                self.kept = how
            SecurityEvent.objects.record(
                Event.DEVICE_KEPT, self.user, device=self, actor=self.user, how=how.value
            )

    def remind_of_logins_left(self) -> bool:
        """Queue the notice for 20 and 5 sign-ins left (policy), once for each."""
        left = self.logins_left
        due = [limit for limit in policy().logins_left_warnings if left <= limit]
        if not due or self.ended_at is not None:
            return False
        return notices.queue(
            "card_logins_left",
            self.user,
            key=f"{self.persistent_id}:left:{min(due)}",
            title=self.title,
            logins_left=left,
        )

    @classmethod
    def remind(cls, now: datetime) -> int:
        """A waiting card, a card near its end, a card with few sign-ins left."""
        return _remind_waiting(now) + _remind_ending(now) + _remind_used_up(now)


def _remind_waiting(now: datetime) -> int:
    since = now - timedelta(hours=policy().activation_reminder_hours)
    due = SecurityCard.objects.waiting(now).filter(created_at__lte=since)
    return sum(
        notices.queue(
            "card_waiting",
            row.user,
            key=f"{row.persistent_id}:waiting",
            title=row.title,
            until=describe_for(row.user, row.activate_by),
        )
        for row in due.select_related("user")
    )


def _remind_ending(now: datetime) -> int:
    queued = 0
    # The nearest reminder that is due is sent; one that was missed is not sent late.
    for days in sorted(policy().card_reminder_days):
        closer = [other for other in policy().card_reminder_days if other < days]
        after = now + timedelta(days=max(closer)) if closer else now
        due = SecurityCard.objects.usable(now).filter(
            expires_at__gt=after, expires_at__lte=now + timedelta(days=days)
        )
        for row in due.select_related("user"):
            queued += notices.queue(
                "card_ending",
                row.user,
                key=f"{row.persistent_id}:ending:{days}",
                title=row.title,
                days=days,
                until=describe_for(row.user, row.expires_at),
                until_day=day(row.expires_at, row.user.time_zone),
            )
    return queued


def _remind_used_up(now: datetime) -> int:
    most = max(policy().logins_left_warnings, default=0)
    due = SecurityCard.objects.usable(now).filter(answered__gte=challenge.PAIRS - most)
    return sum(row.remind_of_logins_left() for row in due.select_related("user"))
