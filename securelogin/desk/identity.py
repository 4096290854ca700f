"""Who is calling: what one agent established about one caller, in one call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import keys, mailed_numbers
from securelogin.conf import policy
from securelogin.desk import rules
from securelogin.desk.rules import Evidence, Facts, Risk
from securelogin.events import Event
from securelogin.fields import KeyIdField
from securelogin.lifecycle import CLOCKS_DIFFER, is_within
from securelogin.models import Failures, SecurityEvent, lock_client

if TYPE_CHECKING:
    from accounts.models import User


class NotSentError(Exception):
    """The check number could not be sent, or must not be."""


class IdentityCheckQuerySet(models.QuerySet["IdentityCheck"]):
    """Finding and starting."""

    def current(self, agent: User, client: User, now: datetime) -> IdentityCheck | None:
        """What this agent has established about this caller, while it may be acted on."""
        return self._alive(now).filter(agent=agent, client=client).first()

    def of_others(self, agent: User, client: User, now: datetime) -> list[IdentityCheck]:
        """Who else is talking to this client now."""
        found = self._alive(now).filter(client=client)
        return list(found.exclude(agent=agent).select_related("agent"))

    def _alive(self, now: datetime) -> IdentityCheckQuerySet:
        # As `IdentityCheck.evidence`: one from the future would keep a new call from beginning.
        return self.filter(
            closed_at=None,
            started_at__gt=now - policy().identity_life,
            started_at__lte=now + CLOCKS_DIFFER,
        )

    def start(self, agent: User, client: User) -> IdentityCheck:
        """The current check of this agent and client; a new one if there is none."""
        now = timezone.now()
        with transaction.atomic():
            lock_client(client)
            check = self.current(agent, client, now)
            if check is None:
                self.filter(agent=agent, client=client, closed_at=None).update(closed_at=now)
                check = self.create(agent=agent, client=client)
        check.agent, check.client = agent, client
        return check


class IdentityCheck(models.Model):
    """Who is calling: what one agent did about one client in one call.

    SECURITY: the check number is stored only as a keyed slow hash, like every other answer.
    """

    class Document(models.TextChoices):
        """What was seen."""

        PASSPORT = "passport", "Passport"
        IDENTITY_CARD = "identity_card", "Identity card"
        DRIVING_LICENCE = "driving_licence", "Driving licence"
        RESIDENCE_PERMIT = "residence_permit", "Residence permit"

    class SeenHow(models.TextChoices):
        """Where it was seen."""

        IN_PERSON = "in_person", "In person"
        ON_VIDEO = "on_video", "On video"

    client = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identity_checks"
    )
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    number_shown_at = models.DateTimeField(null=True)
    called_back_at = models.DateTimeField(null=True)
    check_sent_at = models.DateTimeField(null=True)
    check_matched_at = models.DateTimeField(null=True)
    check_failures = models.PositiveSmallIntegerField(default=0)
    check_salt = models.BinaryField(default=bytes)
    check_digest = models.BinaryField(default=bytes)
    check_key_id = KeyIdField("ANSWER_KEYS", needed=Q(closed_at=None), blank=True)
    check_cost = models.CharField(max_length=24, blank=True)
    document = models.CharField(max_length=20, blank=True, choices=Document.choices)
    document_seen = models.CharField(max_length=10, blank=True, choices=SeenHow.choices)
    document_at = models.DateTimeField(null=True)
    pressure = models.BooleanField(default=False)

    objects = IdentityCheckQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "agent"],
                condition=Q(closed_at=None),
                name="one_open_check_per_agent_and_client",
            )
        ]

    def __str__(self) -> str:
        return f"Identity check {self.pk}"

    # What it proves -----------------------------------------------------------------------

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The strong evidence there is; none once the check is over."""
        over = not is_within(policy().identity_life, self.started_at, timezone.now())
        if self.closed_at or over:
            return ()
        kinds = (
            (self.called_back_at, Evidence.CALL_BACK),
            (self.check_matched_at, Evidence.CHECK_NUMBER),
            (self.document_at, Evidence.DOCUMENT),
        )
        return tuple(kind for done_at, kind in kinds if done_at)

    def risks(self, now: datetime) -> list[Risk]:
        """Why a second person has to agree to what follows from this call."""
        return risks_of(self.client, now, self)

    @property
    def phone_proves(self) -> bool:
        """Whether the number has been on file long enough for a call back."""
        return bool(self.client.phone) and _is_settled(self.client.phone_since)

    @property
    def email_proves(self) -> bool:
        """Whether the address has been on file long enough for a check number."""
        return bool(self.client.email) and _is_settled(self.client.email_since)

    @property
    def check_is_open(self) -> bool:
        """Whether a check number is out that may still be read back."""
        return (
            self.check_sent_at is not None
            and self.check_matched_at is None
            and is_within(policy().check_number_life, self.check_sent_at, timezone.now())
            and not self.check_number_spent
        )

    @property
    def check_number_spent(self) -> bool:
        """Whether too many wrong ones were read back: no other is sent in this call."""
        return self.check_failures >= policy().check_number_attempts

    @property
    def send_wait(self) -> timedelta:
        """How long until another check number may be sent; zero if it may be now."""
        if self.check_sent_at is None:
            return timedelta()
        rest = self.check_sent_at + policy().check_number_pause - timezone.now()
        return max(timedelta(), rest)

    # What the agent does ------------------------------------------------------------------

    def show_number(self) -> str:
        """The whole phone number, to be dialled now. The timeline says who saw it.

        Raises:
            NotSentError: there is none, or it is too fresh to prove anything.
        """
        if not self.phone_proves:
            raise NotSentError
        self._note(Event.NUMBER_SHOWN, number_shown_at=timezone.now())
        return self.client.phone

    def record_call_back(self) -> bool:
        """The agent called the number shown, and the client answered.

        Returns:
            Whether it counts: the number was shown before, and was on file long enough.
        """
        if self.number_shown_at is None or not self.phone_proves:
            return False
        if self.called_back_at is None:
            self._note(Event.CALLED_BACK, called_back_at=timezone.now())
        return True

    @sensitive_variables()
    def send_number(self) -> None:
        """Send a new check number to the address on file; an older one is void.

        Sent at once and not through the outbox: the agent waits for it on the phone, and the
        number is never written down, not even there.

        Raises:
            NotSentError: no address, a fresh one, another one was sent a moment ago, the
                attempts are used up, or the mail server does not take it.
        """
        if not self.email_proves or self.check_number_spent or self.send_wait:
            raise NotSentError
        number = mailed_numbers.draw()
        sealed = keys.seal(number, settings.ANSWER_KEYS)
        self._note(
            Event.CHECK_SENT,
            check_sent_at=timezone.now(),
            check_matched_at=None,
            check_salt=sealed.salt,
            check_digest=sealed.digest,
            check_key_id=sealed.key_id,
            check_cost=sealed.hash_cost,
        )
        mail = mailed_numbers.letter("check_number", number, self.client.email)
        try:
            mail.send()
        except Exception:  # noqa: BLE001 - whatever a mail server does
            # SECURITY: void, in case it arrives after all; and no traceback with the number.
            type(self).objects.filter(pk=self.pk).update(check_sent_at=None)
            self.check_sent_at = None
            raise NotSentError from None

    @sensitive_variables()
    def compare(self, entered: str) -> bool:
        """Whether the caller read back the number that was sent.

        Args:
            entered: digits, cleaned.
        """
        with transaction.atomic():
            row = type(self).objects.select_for_update(no_key=True).get(pk=self.pk)
            if not row.check_is_open:
                return False
            try:
                key = keys.find(settings.ANSWER_KEYS, row.check_key_id)
            except keys.KeyMissingError:
                return False
            right = keys.matches(
                entered, bytes(row.check_salt), key, row.check_cost, bytes(row.check_digest)
            )
            if right:
                self._note(
                    Event.CHECK_MATCHED,
                    check_matched_at=timezone.now(),
                    check_salt=b"",
                    check_digest=b"",
                )
            else:
                self._note(Event.CHECK_REFUSED, check_failures=row.check_failures + 1)
        return right

    def record_document(self, document: str, seen: str) -> None:
        """The agent saw a document: which kind, and where. SECURITY: never its number."""
        if (self.document, self.document_seen) == (document, seen):
            return
        self._note(
            Event.DOCUMENT_SEEN,
            {"document": document, "seen": seen},
            document=document,
            document_seen=seen,
            document_at=timezone.now(),
        )

    def note_pressure(self) -> None:
        """The caller sounded under pressure. It is not taken back in this call."""
        if not self.pressure:
            self._note(Event.PRESSURE_NOTED, pressure=True)

    def close(self) -> None:
        """It was acted on: the next action needs a new call."""
        type(self).objects.filter(pk=self.pk, closed_at=None).update(closed_at=timezone.now())

    def _note(self, kind: Event, detail: dict[str, str] | None = None, **changes: Any) -> None:
        with transaction.atomic():
            for name, value in changes.items():
                setattr(self, name, value)
            self.save(update_fields=list(changes))
            SecurityEvent.objects.record(
                kind, self.client, device=None, actor=self.agent, **(detail or {})
            )


def _is_settled(since: datetime) -> bool:
    return rules.is_settled(since, timezone.now(), quiet_days=policy().contact_quiet_days)


def risks_of(client: User, now: datetime, check: IdentityCheck | None) -> list[Risk]:
    """Why a second person has to agree to a risky action for this client now.

    Args:
        client: the client.
        now: aware.
        check: what the agent established; None: nothing yet.
    """
    series = Failures.objects.of_factor(client.pk)
    facts = Facts(
        evidence=check.evidence if check else (),
        contact_changed_at=client.contact_since,
        failed_check=bool(check and check.check_failures),
        locked=bool(series and series.factor_locked_until),
        staff=client.is_staff or client.is_superuser,
        pressure=bool(check and check.pressure),
    )
    return rules.risks(facts, now, quiet_days=policy().contact_quiet_days)
