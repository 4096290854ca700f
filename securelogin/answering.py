"""How a device's answers are judged, counted and used up, the same for every type."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import notices
from securelogin.access import Access
from securelogin.audit import SecurityEvent
from securelogin.conf import policy
from securelogin.device_facts import DeviceFacts
from securelogin.events import Event
from securelogin.failures import Failures, factor_key
from securelogin.moments import describe_for
from securelogin.throttle import NEVER
from securelogin.verdict import COUNTED, RECORDED_ONCE, Verdict


class AnsweringDevice(DeviceFacts):
    """A device that is asked for an answer."""

    # The last verdict of verify_token, in memory only.
    verdict: Verdict | None = None
    # The same form with the same wrong answer was refused just before (`securelogin.resending`),
    # in memory only.
    resent: bool = False
    # The question that the page asked, if it said so (`question`), in memory only.
    asked: str = ""
    # The client's series of wrong answers, as verify_token met it, in memory only.
    series: Failures | None = None

    class Meta:
        abstract = True

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
        if not self.verify_is_allowed()[0]:
            return Verdict.WAIT
        # A form that was sent twice at once, or from an old page, is no wrong answer.
        outdated = self.asked and self.asked != self.question
        return Verdict.OUTDATED if outdated else None

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
