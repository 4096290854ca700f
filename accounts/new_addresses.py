"""A new e-mail address waits until its owner enters a number that was sent to it.

Until then the address on file stays in force: a typing error keeps no notice from the client,
and nobody puts in a mailbox that is somebody else's (ASVS 6.3.7, NIST SP 800-63B-4 4.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.debug import sensitive_variables

from securelogin import keys, mailed_numbers, notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import is_within
from securelogin.mailed_numbers import MailedNumber
from securelogin.models import Failures, SecurityEvent, lock_client
from securelogin.prepared import Prepared

if TYPE_CHECKING:
    from accounts.models import User


_OF_USER: Prepared[NewAddress] = Prepared(
    lambda user: NewAddress.objects.filter(user_id=user).order_by("which"),
    user=models.BigIntegerField(),
)


class AddressOverError(Exception):
    """It was confirmed, withdrawn or replaced, took too long, or the session has ended."""


class NotSentError(Exception):
    """The mail server did not take the number."""


class PausedError(Exception):
    """Too many numbers were sent; ``until`` says how long none is."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class NewAddressQuerySet(models.QuerySet["NewAddress"]):
    """Asking, finding, and clearing away."""

    def waiting(self, user: User) -> list[NewAddress]:
        """The addresses of this client that wait for their number."""
        now = timezone.now()
        rows = [row for row in _OF_USER(user=user.pk) if row.waits(now)]
        for row in rows:
            row.user = user
        return rows

    def over(self, now: datetime) -> NewAddressQuerySet:
        """Those that took too long."""
        return self.filter(asked_at__lte=now - policy().new_address_life)

    @sensitive_variables()
    def ask(self, user: User, wanted: Mapping[str, str]) -> list[tuple[NewAddress, str]]:
        """Let addresses wait. Call it with the client's row locked and read again, then `post`
        each number.

        Args:
            user: the client. Every address on file hears of it while it is still in force.
            wanted: an address for each of `NewAddress.Which`; one that is on file, or waits
                already, is left out.

        Returns:
            Each row that is new, with its number; empty if too many were sent lately.
        """
        known = {(row.which, row.address) for row in self.waiting(user)}
        known |= {(which, getattr(user, which)) for which in NewAddress.Which.values}
        new = {which: address for which, address in wanted.items() if (which, address) not in known}
        if not new:
            return []
        # SECURITY: of two in a row only the newest counts; the number of the first fits nothing.
        self.filter(user_id=user.pk, which__in=new).delete()
        asked = [self.create(user=user, which=which, address=new[which]) for which in new]
        numbers = [(row, "" if paused_until(user) else row.renew()) for row in asked]
        what = get_text_list([NewAddress.Which(which).label for which in new], "and")
        event = SecurityEvent.objects.record(Event.CONTACT_ASKED, user, actor=user, what=what)
        notices.queue("contact_asked", user, event=event, what=what)
        return numbers


class NewAddress(MailedNumber):
    """An address that a client wants on file. The row goes when it is, or when it never will be."""

    class Which(models.TextChoices):
        """The column of `User` that it is meant for, in the words of mails and the timeline."""

        FIRST = "email", "email address"
        SECOND = "notify_email", "second email address"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="new_addresses"
    )
    which = models.CharField(max_length=12, choices=Which.choices)
    address = models.EmailField()
    asked_at = models.DateTimeField(default=timezone.now)
    # Of the latest number; None while none has gone out.
    sent_at = models.DateTimeField(null=True)

    objects = NewAddressQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "which"], name="one_new_address_of_a_kind")
        ]
        indexes: ClassVar = [models.Index(fields=["asked_at"], name="new_address_asked")]

    def __str__(self) -> str:
        return f"New address {self.pk}"

    def waits(self, now: datetime) -> bool:
        """Whether its number may still be entered, or another one sent."""
        return is_within(policy().new_address_life, self.asked_at, now)

    @property
    def paused_until(self) -> datetime | None:
        """Until when no other number is sent; None: one may be."""
        return paused_until(self.user)

    @sensitive_variables()
    def send(self) -> None:
        """Send a new number; an older one is void.

        Raises:
            AddressOverError: it waits no longer.
            PausedError: too many were sent lately.
            NotSentError: the mail server does not take it.
        """
        with transaction.atomic():
            row = self._locked()
            number = row.renew()
        row.post(number)

    @sensitive_variables()
    def renew(self) -> str:
        """Put another number in force. Call it with the client's row locked, then `post` it.

        Raises:
            PausedError: too many were sent lately.
        """
        if until := paused_until(self.user):
            raise PausedError(until)
        Failures.objects.record(_series_of(self.user), policy().new_address_limit)
        number = mailed_numbers.draw()
        for name, value in asdict(keys.seal(number, settings.ANSWER_KEYS)).items():
            setattr(self, name, value)
        self.sent_at = timezone.now()
        self.save()
        return number

    @sensitive_variables()
    def post(self, number: str) -> None:
        """Send the number in force: past the outbox and at once, once that is committed. The
        client waits for it, and it is written down nowhere.

        Raises:
            NotSentError: the mail server does not take it.
        """
        try:
            mailed_numbers.letter("new_address_number", number, self.address).send()
        except Exception:  # noqa: BLE001 - whatever a mail server does
            # SECURITY: void, in case it arrives after all; and no traceback with the number.
            mine = type(self).objects.filter(pk=self.pk, digest=self.digest)
            mine.update(sent_at=None)
            raise NotSentError from None

    @sensitive_variables()
    def confirm(self, entered: str, *, session_key: str) -> bool:
        """Whether this is the number that was sent; then the address is on file.

        SECURITY: a number that comes late gets the answer of a wrong one, after the same work.

        Args:
            entered: digits, cleaned.
            session_key: of the session in which it was entered.

        Raises:
            AddressOverError: it waits no longer, or the session was ended meanwhile.
        """
        with transaction.atomic():
            row = self._locked()
            # SECURITY: a session that its owner has just ended elsewhere confirms nothing.
            if not self.user.sessions.filter(session_key=session_key).exists():
                raise AddressOverError
            fits = row.fits(entered)
            if fits and row._in_time(timezone.now()):
                row.delete()
                self.user.change_contact(**{row.which: row.address}, by=self.user)
                return True
            row.failures += 1
            if row.is_spent:
                row.delete()
            else:
                row.save(update_fields=["failures"])
            SecurityEvent.objects.record(
                Event.CONTACT_NUMBER_REFUSED, self.user, actor=self.user, failures=row.failures
            )
        self.failures = row.failures
        return False

    def withdraw(self) -> None:
        """The client does not want it after all. A second time does nothing."""
        with transaction.atomic():
            lock_client(self.user)
            if type(self).objects.filter(pk=self.pk).delete()[0]:
                SecurityEvent.objects.record(
                    Event.CONTACT_WITHDRAWN,
                    self.user,
                    actor=self.user,
                    what=self.Which(self.which).label,
                )

    def _in_time(self, now: datetime) -> bool:
        life = policy().check_number_life
        return self.sent_at is not None and is_within(life, self.sent_at, now)

    def _locked(self) -> NewAddress:
        """The row as it is now; the client's lock keeps it so until the transaction ends."""
        lock_client(self.user)
        row = type(self).objects.filter(pk=self.pk).first()
        if row is None or not row.waits(timezone.now()):
            raise AddressOverError
        return row


def paused_until(user: User) -> datetime | None:
    """Until when no number is sent for this client's new addresses; None while it is."""
    series = Failures.objects.filter(key=_series_of(user)).first()
    return series.locked_until(policy().new_address_limit) if series else None


def _series_of(user: User) -> str:
    return f"new-address:{user.pk}"
