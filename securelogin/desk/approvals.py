"""What a second person is asked and decides (interface 3.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from securelogin.conf import policy
from securelogin.desk import rules
from securelogin.desk.identity import IdentityCheck
from securelogin.desk.permissions import may_act_on
from securelogin.desk.roles import APPROVE
from securelogin.desk.rules import ApprovalState, Risk
from securelogin.events import Event
from securelogin.lifecycle import CLOCKS_DIFFER
from securelogin.models import SecurityEvent, lock_client

if TYPE_CHECKING:
    from accounts.models import User


class ApprovalOverError(Exception):
    """The request was decided, used or has expired; ``state`` says which."""

    def __init__(self, state: ApprovalState) -> None:
        super().__init__(state.value)
        self.state = state


class NotAllowedError(Exception):
    """This person must not decide, or act on, this request."""


def in_time(now: datetime) -> Q:
    """As `rules.approval_state` says it: neither over nor from the future."""
    return Q(expires_at__gt=now, asked_at__lte=now + CLOCKS_DIFFER)


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Asking, and finding."""

    def alive(self, now: datetime) -> ApprovalQuerySet:
        """See `in_time`."""
        return self.filter(in_time(now))

    def waiting(self, now: datetime) -> ApprovalQuerySet:
        """Nobody has decided, and it is not too late."""
        return self.alive(now).filter(decided_at=None)

    def count_for(self, person: User) -> int:
        """How many wait for this person's decision; one query."""
        waiting = self.waiting(timezone.now()).select_related("client")
        return sum(approval.may_be_decided_by(person) for approval in waiting)

    def latest_of(self, requester: User, client: User, action: str) -> Approval | None:
        """The newest request of this agent for this client."""
        found = self.filter(requester=requester, client=client, action=action)
        return found.order_by("-asked_at", "-pk").select_related("decided_by").first()

    def ask(
        self,
        action: str,
        client: User,
        *,
        requester: User,
        check: IdentityCheck | None,
        risks: list[Risk],
        details: dict[str, str],
        request_id: UUID,
    ) -> Approval:
        """Ask a second person. The same form sent twice asks once.

        Args:
            action: what is to be done, such as ``issue``.
            client: to whom.
            requester: who will do it.
            check: what the requester established.
            risks: why a second person is needed.
            details: what exactly is to be done; approved, it is done exactly so.
            request_id: names the form.
        """
        now = timezone.now()
        permissions = {risk.permission for risk in risks if risk.permission}
        with transaction.atomic():
            lock_client(client)
            known = self.filter(request_id=request_id).first()
            if known is not None:
                return known
            row = self.create(
                action=action,
                client=client,
                requester=requester,
                check_row=check,
                risks=[{"name": risk.name, "words": risk.words} for risk in risks],
                permissions=sorted(permissions),
                details=details,
                request_id=request_id,
                asked_at=now,
                expires_at=now + policy().approval_life,
            )
            SecurityEvent.objects.record(
                Event.APPROVAL_ASKED,
                client,
                actor=requester,
                action=action,
                risks=", ".join(risk.name for risk in risks),
                ticket=details.get("ticket", ""),
            )
        return row


class Approval(models.Model):
    """A request that a second person decides within ten minutes (interface 3.5)."""

    action = models.CharField(max_length=20)
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals"
    )
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    check_row = models.ForeignKey(
        IdentityCheck, null=True, on_delete=models.PROTECT, related_name="+"
    )
    risks = models.JSONField(default=list)
    permissions = models.JSONField(default=list)
    details = models.JSONField(default=dict)
    request_id = models.UUIDField(unique=True, editable=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)
    decision_reason = models.CharField(max_length=200, blank=True)
    used_at = models.DateTimeField(null=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        # The rights of the desk have no table of their own; this one declares them.
        default_permissions = ()
        permissions = (
            ("search_client", "Can search and open clients"),
            ("view_timeline", "Can read the timeline"),
            ("revoke_device", "Can revoke devices"),
            ("unlock_login", "Can unlock a login"),
            ("approve_risky", "Can approve what another agent asks"),
            ("act_on_staff", "Can act on the records of staff"),
            ("export_timeline", "Can export the timeline"),
            ("view_figures", "Can see the desk's figures"),
        )
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(decided_at=None), name="approval_waiting"
            ),
            models.Index(fields=["client", "-asked_at"], name="approval_client"),
            models.Index(fields=["-asked_at", "-id"], name="approval_asked"),
        ]

    def __str__(self) -> str:
        return f"Approval {self.pk}"

    def state_at(self, now: datetime) -> ApprovalState:
        """Its state at a moment."""
        return rules.approval_state(
            now,
            asked_at=self.asked_at,
            expires_at=self.expires_at,
            approved=self.approved,
            used_at=self.used_at,
        )

    @property
    def state(self) -> ApprovalState:
        """Its state now."""
        return self.state_at(timezone.now())

    def covers(self, risk: Risk) -> bool:
        """Whether the second person was told of this risk, or of one that takes the same right."""
        told = {known["name"] for known in self.risks}
        return risk.name in told or risk.permission in self.permissions

    @property
    def rest(self) -> timedelta:
        """How long it lives on; zero when it is over."""
        return max(timedelta(), self.expires_at - timezone.now())

    @property
    def minutes_left(self) -> int:
        """The same in minutes, the last of them begun."""
        return -(-self.rest // timedelta(minutes=1))

    def may_be_decided_by(self, person: User) -> bool:
        """Neither requester nor client, with every right that the risks ask for."""
        return (
            person.pk not in {self.requester_id, self.client_id}
            and person.has_perms([APPROVE, *self.permissions])
            and may_act_on(person, self.client)
        )

    def decide(self, person: User, *, approve: bool, reason: str) -> None:
        """Approve or refuse, once.

        Args:
            person: the second person.
            approve: the decision.
            reason: in the person's words; kept.

        Raises:
            NotAllowedError: `may_be_decided_by` says no.
            ApprovalOverError: somebody decided before, or it has expired.
        """
        if not self.may_be_decided_by(person):
            raise NotAllowedError
        now = timezone.now()
        with transaction.atomic():
            # SECURITY: one conditional UPDATE decides between parallel decisions.
            mine = type(self).objects.waiting(now).filter(pk=self.pk)
            if not mine.update(
                decided_by=person, decided_at=now, approved=approve, decision_reason=reason
            ):
                self.refresh_from_db()
                raise ApprovalOverError(self.state_at(now))
            SecurityEvent.objects.record(
                Event.APPROVAL_GIVEN if approve else Event.APPROVAL_REFUSED,
                self.client,
                actor=person,
                action=self.action,
                asked_by=self.requester.username,
                reason=reason,
            )
        self.refresh_from_db()

    def use(self, person: User, action: str, client: User) -> None:
        """Act on it, once, inside the transaction of what was approved.

        Raises:
            NotAllowedError: it is not this person's request, or of something else.
            ApprovalOverError: it is not approved, was used, or has expired.
        """
        if (person.pk, action, client.pk) != (self.requester_id, self.action, self.client_id):
            raise NotAllowedError
        now = timezone.now()
        mine = type(self).objects.alive(now).filter(pk=self.pk, approved=True, used_at=None)
        if not mine.update(used_at=now):
            self.refresh_from_db()
            raise ApprovalOverError(self.state_at(now))
        self.used_at = now
