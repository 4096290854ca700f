"""A forgotten password: a number sent by e-mail and a security device make room for a new one.

Neither alone does (ASVS 6.4.3; NIST SP 800-63B-4 4.2.2.2). Whoever types a user name that does
not exist gets a row, a hash and an event like everybody else, and no mail: nothing tells the two
apart (docs/decisions/0010-password-reset.md).
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from securelogin import keys, mailed_numbers, notices
from securelogin.conf import policy
from securelogin.desk.rules import is_settled
from securelogin.events import Event
from securelogin.lifecycle import is_within
from securelogin.mailed_numbers import MailedNumber
from securelogin.models import LoginDevice, SecurityEvent, lock_client

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)
# Rows are of no use after an hour; a day helps to explain what happened.
_KEPT = timedelta(days=1)
# SECURITY: not in the request, whose duration would tell that there was somebody to write to, and
# not in the outbox: the number is never written down.
_postman = ThreadPoolExecutor(max_workers=2, thread_name_prefix="reset-number")


class Stage(StrEnum):
    """How far a reset has come."""

    NUMBER = "number"
    DEVICE = "device"
    PASSWORD = "password"  # noqa: S105 - a stage
    OVER = "over"


class ResetOverError(Exception):
    """It took too long, too many numbers were wrong, or the password was changed meanwhile."""


class PasswordResetQuerySet(models.QuerySet["PasswordReset"]):
    """Asking, and clearing away."""

    def over(self, now: datetime) -> PasswordResetQuerySet:
        """Those that nobody needs any more."""
        return self.filter(started_at__lt=now - _KEPT)

    @sensitive_variables()
    def start(self, username: str, asked: int) -> PasswordReset:
        """A reset for whoever has this user name, if anybody; the number goes out by e-mail.

        SECURITY: the same statements, the same hash and the same answer for everybody.

        Args:
            username: cleaned, in lower case.
            asked: how many times from here lately, this one included.
        """
        users = get_user_model()._default_manager
        user = users.filter(username=username, is_active=True).first()
        number = mailed_numbers.draw()
        sealed = keys.seal(number, settings.ANSWER_KEYS)
        with transaction.atomic():
            row = self.create(
                user=user,
                auth_hash=user.get_session_auth_hash() if user else "",
                **asdict(sealed),
            )
            # SECURITY: an unknown user name is not stored: it may be a password typed there.
            event = SecurityEvent.objects.record(Event.RESET_ASKED, user, failures=asked)
        _postman.submit(_send, _address_of(user), number, event.reference)
        return row


class PasswordReset(MailedNumber):
    """One attempt to replace a forgotten password; it belongs to the session that began it."""

    # None for a user name that nobody has.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="password_resets",
    )
    # SECURITY: a password changed meanwhile ends the reset, as it ends a pending sign-in.
    auth_hash = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    matched_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)

    objects = PasswordResetQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["started_at"], name="password_reset_started")]

    def __str__(self) -> str:
        return f"Password reset {self.pk}"

    @property
    def stage(self) -> Stage:
        """What it waits for now."""
        now, numbers = timezone.now(), policy()
        if self.user and not (
            self.user.is_active
            and constant_time_compare(self.user.get_session_auth_hash(), self.auth_hash)
        ):
            return Stage.OVER
        if self.matched_at is None:
            late = not is_within(numbers.check_number_life, self.started_at, now)
            return Stage.OVER if late or self.is_spent else Stage.NUMBER
        if not is_within(numbers.reset_life, self.matched_at, now):
            return Stage.OVER
        return Stage.DEVICE if self.proven_at is None else Stage.PASSWORD

    @property
    def client(self) -> User:
        """Whose password it is, once the number was right.

        Raises:
            ResetOverError: it was not, or nobody has the user name.
        """
        if self.user is None or self.matched_at is None:
            raise ResetOverError
        return self.user

    @sensitive_variables()
    def compare(self, entered: str) -> bool:
        """Whether this is the number that was sent; too many wrong ones end the reset.

        Args:
            entered: digits, cleaned.

        Raises:
            ResetOverError: it is over, or the number was right before.
        """
        with transaction.atomic():
            mine = type(self).objects.select_for_update(no_key=True, of=("self",))
            row = mine.select_related("user").get(pk=self.pk)
            if row.stage is not Stage.NUMBER:
                raise ResetOverError
            # SECURITY: an unknown user name's number is as good as none, after the same work.
            if row.fits(entered) and row.user is not None:
                row.matched_at, row.salt, row.digest = timezone.now(), b"", b""
                row.save(update_fields=["matched_at", "salt", "digest"])
                event = SecurityEvent.objects.record(Event.RESET_NUMBER_MATCHED, row.user)
                notices.queue("password_reset_begun", row.user, event=event)
            else:
                row.failures += 1
                row.save(update_fields=["failures"])
                SecurityEvent.objects.record(
                    Event.RESET_NUMBER_REFUSED, row.user, failures=row.failures
                )
        self.failures, self.matched_at = row.failures, row.matched_at
        return self.matched_at is not None

    def prove(self, device: LoginDevice, answer: str) -> bool:
        """Whether the device gave the right answer. Call it with the device's row locked.

        Args:
            device: the client's own; the reason of a refusal is left in its ``verdict``.
            answer: cleaned.

        Raises:
            ResetOverError: it is over, or a device was asked before.
        """
        if self.stage is not Stage.DEVICE or not device.may_reset_password:
            raise ResetOverError
        if not device.verify_token(answer):
            return False
        mine = type(self).objects.filter(pk=self.pk, proven_at=None)
        if not mine.update(proven_at=timezone.now()):
            raise ResetOverError
        return True

    @sensitive_variables()
    def finish(self, password: str) -> None:
        """Set the new password, once; every session of the client ends.

        Args:
            password: one that the rules have passed.

        Raises:
            ResetOverError: it is over, or another reset was quicker.
        """
        with transaction.atomic():
            # SECURITY: of parallel resets the second meets the password of the first.
            lock_client(self.client)
            row = type(self).objects.select_related("user").get(pk=self.pk)
            if row.stage is not Stage.PASSWORD:
                raise ResetOverError
            row.client.change_password(password)


def _address_of(user: User | None) -> str:
    """Where the number goes: to an address that was on file before anybody could think of it."""
    if user is None or not is_settled(
        user.email_since, timezone.now(), quiet_days=policy().contact_quiet_days
    ):
        return ""
    return user.email


@sensitive_variables()
def _send(address: str, number: str, reference: str) -> None:
    mail = mailed_numbers.letter("reset_number", number, address, reference=reference)
    if not address:
        return
    try:
        mail.send()
    except Exception as error:  # noqa: BLE001 - whatever a mail server does
        # SECURITY: the class only; a server's words may repeat the message.
        logger.warning("number for a forgotten password not sent: %s", type(error).__name__)
