"""Ends the lock of a login at the desk, on evidence or with a second person's agreement.

It lifts what wrong attempts have set: no password, code or card is shown or made. Only after a
hundred wrong answers in all the code and cards end with it, and devices that last go on hold: their
owner proves each anew, in a session that a new Temporary Code has opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.password_throttle import Pause, lift_pauses, pauses_of
from securelogin import notices
from securelogin.conf import policy
from securelogin.desk.models import Approval, IdentityCheck, risks_of
from securelogin.desk.rules import LOCKED, SECOND_UNLOCK, UNLOCK_ACTION, Risk
from securelogin.desk.warrant import claim
from securelogin.events import Event
from securelogin.lifecycle import EndReason, HoldReason
from securelogin.models import (
    Failures,
    SecurityEvent,
    end_interim_devices,
    factor_key,
    lift_waits,
    lock_client,
    lock_devices,
)
from securelogin.permanent import PermanentDevice
from securelogin.throttle import NEVER


class NotLockedError(Exception):
    """There is nothing to unlock: the lock has ended, or somebody was faster."""


@dataclass(frozen=True, slots=True)
class Locks:
    """What keeps a client out now.

    Attributes:
        second_step: until when answers of devices are refused, aware; None: they are not.
        pauses: where passwords are refused.
    """

    second_step: datetime | None
    pauses: list[Pause]

    def __bool__(self) -> bool:
        return bool(self.second_step or self.pauses)

    @property
    def is_for_good(self) -> bool:
        """Whether only a person ends the lock: the ceiling is reached."""
        return self.second_step == NEVER

    @property
    def names(self) -> list[str]:
        """What there is to lift, as the timeline keeps it."""
        found = ((self.second_step, "second_step"), (self.pauses, "password"))
        return [name for held, name in found if held]


def locks_of(client: User) -> Locks:
    """The locks of a client at this moment."""
    series = Failures.objects.of_factor(client.pk)
    return Locks(series.factor_locked_until if series else None, pauses_of(client.username))


def risks_of_unlock(client: User, now: datetime, check: IdentityCheck | None) -> list[Risk]:
    """Why a member of staff must not unlock this client alone now.

    Args:
        client: the client.
        now: aware.
        check: what was established about the caller; None: nothing yet.
    """
    # That it is locked is what the call is about.
    found = [risk for risk in risks_of(client, now, check) if risk != LOCKED]
    since = now - timedelta(days=policy().unlock_interval_days)
    unlocked = SecurityEvent.objects.filter(user=client, kind=Event.LOGIN_UNLOCKED, at__gt=since)
    return [*found, SECOND_UNLOCK] if unlocked.exists() else found


def details_of(reason: str, ticket: str) -> dict[str, str]:
    """What exactly is to be done, as a second person approves it and as it is then done."""
    return {"why": reason, "ticket": ticket}


def unlock(
    client: User,
    *,
    by: User,
    reason: str,
    ticket: str,
    check: IdentityCheck | None,
    approval: Approval | None = None,
) -> SecurityEvent:
    """Let a client try again: both the second step and the password.

    Args:
        client: the client.
        by: the member of staff.
        reason: in the agent's words; kept in the timeline.
        ticket: the desk's case.
        check: what the agent established about the caller; it is closed.
        approval: a second person's, of exactly this, where there are risks; it is used up.

    Returns:
        The event, whose detail says what was lifted.

    Raises:
        NotLockedError: there is nothing to lift.
        ApprovalNeededError: there are risks and no approval, or risks that were not known when
            it was asked for.
        ApprovalOverError: the approval is not one, was used, or has expired.
        NotAllowedError: the approval is of something else.
    """
    with transaction.atomic():
        # SECURITY: one at a time for a client; the second finds nothing left.
        lock_client(client)
        locks = locks_of(client)
        if not locks:
            raise NotLockedError
        warrant = claim(
            by,
            UNLOCK_ACTION,
            client,
            check=check,
            risks=risks_of_unlock(client, timezone.now(), check),
            details=details_of(reason, ticket),
            approval=approval,
        )
        # The devices first, like a verification, so that the two never wait for each other.
        devices = lock_devices(client)
        if locks.is_for_good:
            # SECURITY: NIST SP 800-63B-4 3.2.2: what was guessed at a hundred times is bound anew.
            # The count is the client's, so it is all of them.
            end_interim_devices(
                client,
                EndReason.CANCELLED_BY_STAFF,
                by=by,
                note=HoldReason.GUESSED.desk_label,
            )
            for device in devices:
                if isinstance(device, PermanentDevice):
                    device.hold(by=by, reason=HoldReason.GUESSED, ticket=ticket)
        if locks.second_step:
            lift_waits(client)
            Failures.objects.filter(key=factor_key(client.pk)).delete()
        if locks.pauses:
            lift_pauses(client.username)
        event = SecurityEvent.objects.record(
            Event.LOGIN_UNLOCKED,
            client,
            device=None,
            actor=by,
            reason=reason,
            ticket=ticket,
            lifted=", ".join(locks.names),
            **warrant,
        )
        bound_anew = int(locks.is_for_good)
        notices.queue("login_unlocked", client, event=event, bound_anew=bound_anew)
    return event
