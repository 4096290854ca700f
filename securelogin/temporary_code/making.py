"""Making a Temporary Code: at the desk, on the server, or anew while it is being read out."""

from __future__ import annotations

import random
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import codes, keys, notices
from securelogin.conf import policy
from securelogin.desk.models import Approval, IdentityCheck, risks_of
from securelogin.desk.rules import Evidence, Risk
from securelogin.desk.warrant import claim
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import (
    LoginDeviceQuerySet,
    SecurityEvent,
    describe_for,
    end_interim_devices,
    lock_client,
    lock_devices,
)
from securelogin.permanent import PermanentDevice
from securelogin.registry import device_types
from securelogin.temporary_code.issuing import (
    ISSUE_ACTION,
    Reason,
    Refusal,
    details,
    lost_in,
    refusal,
)

if TYPE_CHECKING:
    from accounts.models import User
    from securelogin.temporary_code.models import TemporaryCode


class IssueRefusedError(Exception):
    """A code was asked for that policy refuses; ``reason`` says why."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class AlreadyIssuedError(Exception):
    """This very request has been carried out: its code was shown then, and only then."""


class RepeatRefusedError(Exception):
    """The code cannot be made anew on the read-out page: too late, used, or too often."""


class TemporaryCodeQuerySet(LoginDeviceQuerySet):
    """Issue, and what the desk has to know before it."""

    def issue_refusal(self, user: User, now: datetime) -> Refusal | None:
        """Why policy refuses another code for this client now (design, row 2), or None."""
        last = self.of(user).order_by("-created_at").first()
        if last is None:
            return None
        since = last.created_at
        proven = any(
            config.device_model.objects.of(user).filter(activated_at__gt=since).exists()
            for config in device_types()
            if config.device_model is not self.model
        )
        back = SecurityEvent.objects.filter(
            user=user, kind=Event.DEVICE_REACTIVATED, at__gt=since
        ).exists()
        interval = timedelta(days=policy().code_interval_days)
        return refusal(now, since, proven_since=proven or back, interval=interval)

    def risks(self, user: User, now: datetime, check: IdentityCheck | None) -> list[Risk]:
        """Why a member of staff must not issue a code for this client alone now."""
        refused = self.issue_refusal(user, now)
        own = [refused.risk(policy().code_interval_days)] if refused else []
        return risks_of(user, now, check) + own

    @sensitive_variables()
    def issue(
        self,
        user: User,
        *,
        by: User,
        reason: Reason,
        ticket: str,
        note: str = "",
        lost: Iterable[str] = (),
        request_id: UUID,
        check: IdentityCheck | None,
        approval: Approval | None = None,
    ) -> tuple[TemporaryCode, str]:
        """Issue a code at the desk, on the agent's evidence or a second person's approval.

        Args:
            user: the client.
            by: the member of staff.
            reason: A puts the client's own devices on hold; B ends the codes, the cards and the
                own devices that are lost. The sessions of all these end.
            ticket: the desk's case.
            note: the agent's words for the timeline.
            lost: with reason B the persistent ids of the own devices that are lost. What is over
                already, or is not the client's, is passed over; with reason A all are.
            request_id: names this request: a form sent twice makes one code.
            check: what the agent established about the caller.
            approval: a second person's, of exactly this, where there are risks; it is used up.

        Returns:
            The row, and the digits: this is the only time that they exist outside the head
            of the caller.

        Raises:
            ApprovalNeededError: there are risks and no approval, or risks that were not known
                when it was asked for.
            ApprovalOverError: the approval is not one, was used, or has expired.
            NotAllowedError: the approval is of something else.
            AlreadyIssuedError: the request has been carried out.
        """
        detail: dict[str, str] = {"ticket": ticket}
        if note:
            detail["note"] = note
        # SECURITY: the slow hash before the lock, so that nobody waits for it.
        secret = _Secret.draw()
        asked = details(reason, ticket, note, lost)
        with transaction.atomic():
            # SECURITY: one issue at a time for a client.
            lock_client(user)
            self._refuse_repeated(request_id)
            evidence = check.evidence if check else ()
            detail |= claim(
                by,
                ISSUE_ACTION,
                user,
                check=check,
                risks=self.risks(user, timezone.now(), check),
                details=asked,
                approval=approval,
            )
            row = self._make(
                user,
                by,
                reason,
                ticket,
                request_id,
                secret,
                detail,
                lost=lost_in(asked),
                # SECURITY: whoever reads the client's e-mail could answer a check number and
                # the number for a forgotten password alike.
                without_mailbox=any(kind is not Evidence.CHECK_NUMBER for kind in evidence),
            )
        return row, secret.code

    @sensitive_variables()
    def issue_on_server(
        self,
        user: User,
        *,
        reason: Reason,
        ticket: str,
        override: str = "",
        lost: Iterable[str] = (),
    ) -> tuple[TemporaryCode, str]:
        """Issue a code by the command on the server, for the first members of staff.

        Args:
            user: the client.
            reason: as in `issue`.
            ticket: as in `issue`.
            override: why, although policy refuses.
            lost: as in `issue`.

        Returns:
            As `issue`.

        Raises:
            IssueRefusedError: policy refuses and there is no override.
        """
        secret = _Secret.draw()
        with transaction.atomic():
            lock_client(user)
            detail = {"ticket": ticket}
            if refused := self.issue_refusal(user, timezone.now()):
                if not override:
                    raise IssueRefusedError(refused)
                detail |= {"policy": refused.value, "override": override}
            row = self._make(user, None, reason, ticket, uuid4(), secret, detail, lost=[*lost])
        return row, secret.code

    @sensitive_variables()
    def repeat(
        self, code: TemporaryCode, *, by: User, request_id: UUID
    ) -> tuple[TemporaryCode, str]:
        """The client did not understand the code: a new one in its place, on the same warrant.

        What the first one did to the client's own devices is not done again.

        Args:
            code: the one that was read out.
            by: the member of staff who read it out.
            request_id: names this request.

        Returns:
            As `issue`.

        Raises:
            RepeatRefusedError: somebody else's, used, read back, ended, too late, or repeated
                as often as policy allows.
            AlreadyIssuedError: the request has been carried out.
        """
        secret = _Secret.draw()
        with transaction.atomic():
            lock_client(code.user)
            self._refuse_repeated(request_id)
            code.refresh_from_db()
            if not code.may_be_repeated_by(by):
                raise RepeatRefusedError
            detail = {"ticket": code.ticket, "instead_of": "not understood"}
            row = self._make(
                code.user,
                by,
                Reason(code.reason),
                code.ticket,
                request_id,
                secret,
                detail,
                repeats=code.repeats + 1,
                without_mailbox=code.without_mailbox,
            )
        return row, secret.code

    def _refuse_repeated(self, request_id: UUID) -> None:
        if self.filter(request_id=request_id).exists():
            raise AlreadyIssuedError

    def _make(
        self,
        user: User,
        by: User | None,
        reason: Reason,
        ticket: str,
        request_id: UUID,
        secret: _Secret,
        detail: dict[str, str],
        *,
        lost: Collection[str] = (),
        repeats: int = 0,
        without_mailbox: bool = False,
    ) -> TemporaryCode:
        """The row, the end of what it replaces, the event and the notice; the client is locked."""
        now = timezone.now()
        numbers = policy()
        own = [device for device in lock_devices(user) if isinstance(device, PermanentDevice)]
        for older in self.of(user).open():
            older.end(EndReason.REPLACED, by=by)
        if reason is Reason.LOST:
            end_interim_devices(user, EndReason.REPORTED_LOST, by=by, note=ticket)
        # Where it is made anew, the first one has done it.
        blocked = [] if repeats else _set_aside(own, reason, lost, by=by, ticket=ticket)
        row: TemporaryCode = self.create(
            user=user,
            issued_by=by,
            reason=reason,
            ticket=ticket,
            request_id=request_id,
            repeats=repeats,
            without_mailbox=without_mailbox,
            activated_at=now,
            limited_at=now + numbers.code_full,
            expires_at=now + numbers.code_life,
            **secret.columns,
        )
        event = SecurityEvent.objects.record(
            Event.DEVICE_ISSUED, user, device=row, actor=by, **{"reason": reason.value, **detail}
        )
        notices.queue(
            "code_issued",
            user,
            event=event,
            reason=_REASON_WORDS[reason],
            held=_titles(device for device in own if device.status is Status.ON_HOLD),
            blocked=_titles(blocked),
            limited_at=describe_for(user, row.limited_at),
            until=describe_for(user, row.expires_at),
        )
        return row


def _set_aside(
    own: Iterable[PermanentDevice],
    reason: Reason,
    lost: Collection[str],
    *,
    by: User | None,
    ticket: str,
) -> list[PermanentDevice]:
    """Put the client's own devices on hold (A), or end those that are lost (B).

    Args:
        own: all that are open, locked.
        reason: which of the two.
        lost: persistent ids.
        by: the member of staff.
        ticket: the desk's case.

    Returns:
        Those that were ended.
    """
    if reason is Reason.AWAY:
        for device in own:
            device.hold(by=by, ticket=ticket)
        return []
    named = [device for device in own if device.persistent_id in lost]
    return [device for device in named if device.end(EndReason.REPORTED_LOST, by=by, note=ticket)]


def _titles(devices: Iterable[PermanentDevice]) -> str:
    return ", ".join(device.title for device in devices)


@dataclass(frozen=True, slots=True)
class _Secret:
    """A code just drawn, and what is stored of it."""

    code: str = field(repr=False)
    columns: dict[str, Any] = field(repr=False)

    @classmethod
    @sensitive_variables()
    def draw(cls) -> _Secret:
        code = codes.draw(policy().code_digits, random.SystemRandom())
        key_id, key = keys.current(settings.ANSWER_KEYS)
        salt = secrets.token_bytes(keys.SALT_BYTES)
        cost = keys.cost_in_use()
        digest = keys.digest(code, salt, key, cost)
        return cls(code, {"salt": salt, "digest": digest, "key_id": key_id, "hash_cost": cost})


_REASON_WORDS = {
    Reason.AWAY: "you are away from your security device",
    Reason.LOST: "you lost your security device",
}
