"""The Temporary Code as a device: its row, its verification, its reminders."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import DeviceManager

from securelogin import keys, notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.fields import KeyIdField
from securelogin.lifecycle import EndReason
from securelogin.models import (
    LoginDevice,
    SecurityEvent,
    describe_for,
)
from securelogin.temporary_code.issuing import (
    EVENT_WORDS,
    Reason,
)
from securelogin.temporary_code.making import (
    AlreadyIssuedError,
    IssueRefusedError,
    RepeatRefusedError,
    TemporaryCodeQuerySet,
)
from securelogin.verdict import Verdict

if TYPE_CHECKING:
    from accounts.models import User

__all__ = ["AlreadyIssuedError", "IssueRefusedError", "RepeatRefusedError", "TemporaryCode"]
TemporaryCodeManager = DeviceManager.from_queryset(TemporaryCodeQuerySet)


class TemporaryCode(LoginDevice):
    """One code of one client: full access first, then only for getting a card, then nothing.

    It may be used many times within its life, unless policy makes it single-use. Two days for
    a spoken code is longer than NIST's ten minutes (SP 800-63B-4 4.2.1.2): a deviation whose
    reasons and risks are in docs/decisions/.
    """

    reason = models.CharField(max_length=1, choices=[(reason, reason.label) for reason in Reason])
    ticket = models.CharField(max_length=40)
    request_id = models.UUIDField(unique=True, editable=False)
    # How often it was made anew because the client did not understand it.
    repeats = models.PositiveSmallIntegerField(default=0)
    # Who was calling was proven by more than what arrives in the client's mailbox.
    without_mailbox = models.BooleanField(default=False)
    read_back_at = models.DateTimeField(null=True)
    salt = models.BinaryField()
    digest = models.BinaryField()
    key_id = KeyIdField("ANSWER_KEYS", needed=Q(ended_at=None))
    hash_cost = models.CharField(max_length=24)

    noun = "code"
    event_words = EVENT_WORDS
    ended_notice = "code_ended"

    objects: ClassVar[TemporaryCodeManager] = TemporaryCodeManager()  # type: ignore[assignment]

    class Meta(LoginDevice.Meta):
        abstract = False
        verbose_name = "Temporary Code"
        verbose_name_plural = "Temporary Codes"
        permissions = (
            ("issue_temporarycode", "Can issue Temporary Codes"),
            ("override_issue_policy", "Can approve a code that policy refuses"),
        )
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(ended_at=None), name="one_open_code_per_client"
            )
        ]
        indexes: ClassVar = [
            *LoginDevice.Meta.indexes,
            models.Index(fields=["user", "-created_at"], name="code_user_created"),
        ]

    @sensitive_variables()
    def judge(self, answer: str, now: datetime) -> Verdict:
        """Whether these are the digits; a code that a newer one replaced is recognised."""
        try:
            right = self.is_code(answer)
        except keys.KeyMissingError:
            return Verdict.KEY_MISSING
        # SECURITY: looked at when the answer is right, too: beside a wrong password it is refused
        # all the same, and the time that this takes would tell.
        replaced = self._is_replaced_code(answer, now)
        if right:
            spent = policy().code_single_use and self.last_used_at is not None
            return Verdict.ENDED if spent else Verdict.ACCEPTED
        return Verdict.REPLACED if replaced else Verdict.WRONG

    @sensitive_variables()
    def is_code(self, answer: str) -> bool:
        """Whether these are this code's digits.

        Raises:
            KeyMissingError: its key was removed.
        """
        key = keys.find(settings.ANSWER_KEYS, self.key_id)
        return keys.matches(answer, bytes(self.salt), key, self.hash_cost, bytes(self.digest))

    def may_be_repeated_by(self, agent: User) -> bool:
        """Whether this agent may make it anew, because the client did not understand it."""
        unheard = self.ended_at is None and self.last_used_at is None
        repeats_left = self.repeats < policy().read_out_repeats
        return unheard and repeats_left and self._is_being_read_out_by(agent)

    def confirm_read_back(self, agent: User) -> bool:
        """The client read it back correctly.

        Returns:
            Whether that is on record now; False if it is too late or not this agent's code.
        """
        # A client who types while speaking may be done before the agent has pressed the button.
        heard = self.ended_at is None or self.last_used_at is not None
        if not (heard and self._is_being_read_out_by(agent)):
            return False
        with transaction.atomic():
            mine = type(self).objects.filter(pk=self.pk, read_back_at=None)
            if mine.update(read_back_at=timezone.now()):
                SecurityEvent.objects.record(
                    Event.DEVICE_READ_BACK, self.user, device=self, actor=agent
                )
        self.refresh_from_db(fields=["read_back_at"])
        return self.read_back_at is not None

    @property
    def desk_note(self) -> str:
        """Amber on the client's page: perhaps the client has not understood it."""
        return "Read back not confirmed" if self.read_back_missing else ""

    @property
    def read_back_missing(self) -> bool:
        """Nobody confirmed in time that the client has understood it."""
        late = self.created_at and timezone.now() >= self.created_at + policy().read_back_wait
        return bool(late and self.read_back_at is None and self.last_used_at is None)

    def _is_being_read_out_by(self, agent: User) -> bool:
        return (
            self.issued_by_id == agent.pk
            and self.read_back_at is None
            and self.created_at is not None
            and timezone.now() < self.created_at + policy().read_back_wait
        )

    @property
    def may_reset_password(self) -> bool:
        """SECURITY: two proofs from one mailbox would be one."""
        return self.without_mailbox

    @property
    def question(self) -> str:
        """Its digits are the same as long as it lives."""
        return "digits"

    @property
    def unused(self) -> dict[str, Any]:
        """A single-use code (policy) must not have been used at all."""
        return {"last_used_at": None} if policy().code_single_use else {}

    @sensitive_variables()
    def _is_replaced_code(self, answer: str, now: datetime) -> bool:
        replaced = type(self).objects.filter(
            user_id=self.user_id, end_reason=EndReason.REPLACED, expires_at__gt=now
        )
        older = replaced.order_by("-created_at").first()
        # SECURITY: a replaced code whose key is gone must not turn a wrong answer into one
        # that is not counted.
        with suppress(keys.KeyMissingError):
            return older is not None and older.is_code(answer)
        return False

    def tell_first_use(self, event: SecurityEvent) -> None:
        """SECURITY: whoever did not call hears of it now (NIST SP 800-63B-4 4.6)."""
        until = describe_for(self.user, self.expires_at)
        notices.queue("code_first_used", self.user, event=event, until=until)

    @classmethod
    def remind(cls, now: datetime) -> int:
        """The code is about to become card-only, and no card is active."""
        soon = now + timedelta(hours=policy().code_reminder_hours)
        due = cls.objects.usable(now).filter(
            limited_at__gt=now, limited_at__lte=soon, expires_at__gt=now
        )

        def tell(code: TemporaryCode, key: str) -> bool:
            return notices.queue(
                "code_limited_soon",
                code.user,
                key=key,
                limited_at=describe_for(code.user, code.limited_at),
                until=describe_for(code.user, code.expires_at),
            )

        return notices.remind_each(due.order_by("expires_at"), "limited", tell)
