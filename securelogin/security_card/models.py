"""The card as a device: made, shown in one session, activated, asked, ended.

No cell value is stored anywhere. The values are derived from a server key and a nonce that
only the session holds which requested the card; the row keeps, for each of the 112 pairs, a
salted keyed hash of its six digits, packed into one column: one row for each card.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Right
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import DeviceManager

from securelogin import keys
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.fields import KeyIdField
from securelogin.lifecycle import Status
from securelogin.models import LoginDevice, SecurityEvent
from securelogin.moments import on_paper, short_day
from securelogin.security_card import activation, card, challenge, reminders
from securelogin.security_card.activation import Activation
from securelogin.security_card.line import Turn
from securelogin.security_card.making import (
    ConcurrentRequestError,
    MustWaitError,
    RequestRefusal,
    RequestRefusedError,
    SecurityCardQuerySet,
)
from securelogin.verdict import Verdict

__all__ = [
    "Activation",
    "ConcurrentRequestError",
    "MustWaitError",
    "RequestRefusal",
    "RequestRefusedError",
    "SecurityCard",
    "SecurityCardManager",
    "SecurityCardQuerySet",
    "Turn",
]
_RECORD = keys.SALT_BYTES + keys.DIGEST_BYTES


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
            *LoginDevice.Meta.indexes,
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
            right = self.is_answer(answer)
        except keys.KeyMissingError:
            return Verdict.KEY_MISSING
        if right:
            return Verdict.ACCEPTED
        return Verdict.INDEX_NUMBERS if self.forgive(answer) else Verdict.WRONG

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
    def is_answer(self, answer: str) -> bool:
        """Whether these six digits answer the open challenge.

        Raises:
            KeyMissingError: the key of its hashes was removed.
        """
        if self.pair is None:
            return False
        start = self.answered * _RECORD
        record = bytes(self.answers)[start : start + _RECORD]
        salt, expected = record[: keys.SALT_BYTES], record[keys.SALT_BYTES :]
        key = keys.find(settings.ANSWER_KEYS, self.key_id)
        return keys.matches(answer, salt, key, self.hash_cost, expected)

    def forgive(self, answer: str) -> bool:
        """Whether the index numbers were typed instead, for the first time in this challenge."""
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
        return activation.activate(self, answer)

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
        return reminders.of_logins_left(self)

    @classmethod
    def remind(cls, now: datetime) -> int:
        """A waiting card, a card near its end, a card with few sign-ins left."""
        return reminders.send_due(cls.objects.all(), now)
