"""When the desk may act, and when a second person has to agree. Pure: the clock is an argument.

Only strong evidence lets an agent act alone. What a caller merely knows finds the record and
proves nothing (NIST SP 800-63B-4 3.1.1, ASVS 6.4.2): there are no secret questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from securelogin.lifecycle import is_within


class Evidence(StrEnum):
    """What proves who is calling (design, row 19). Each kind alone is strong."""

    CALL_BACK = "call_back"
    CHECK_NUMBER = "check_number"
    DOCUMENT = "document"

    @property
    def label(self) -> str:
        """What was done, in the timeline's words."""
        return _EVIDENCE[self]


_EVIDENCE = {
    Evidence.CALL_BACK: "called back on the number on file",
    Evidence.CHECK_NUMBER: "check number sent to the e-mail address on file and read back",
    Evidence.DOCUMENT: "document seen",
}


@dataclass(frozen=True, slots=True)
class Risk:
    """Why an agent must not act alone.

    Attributes:
        name: stored with the request.
        words: the reason on the pages of both people.
        permission: what the second person needs beside the right to approve; empty: nothing.
    """

    name: str
    words: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the desk knows of a client and of this call.

    Attributes:
        evidence: the strong evidence of this call.
        contact_changed_at: the latest change of e-mail or phone, aware; None: never changed.
        failed_check: a wrong check number was read back in this call.
        locked: the client's login is locked.
        staff: the client works here.
        pressure: the caller sounded under pressure, or was told what to say.
    """

    evidence: tuple[Evidence, ...]
    contact_changed_at: datetime | None
    failed_check: bool
    locked: bool
    staff: bool
    pressure: bool


# What a request for approval is about; a device type adds actions of its own.
UNLOCK_ACTION = "unlock"

NO_EVIDENCE = Risk("no_evidence", "Nothing proves yet who is calling.")
FAILED_CHECK = Risk("failed_check", "A wrong check number was read back in this call.")
LOCKED = Risk("locked", "The login is locked after wrong attempts.")
STAFF = Risk("staff", "The client works here.")
PRESSURE = Risk("pressure", "The caller sounded under pressure, or was being told what to say.")
SECOND_UNLOCK = Risk("second_unlock", "The login was unlocked within the last days already.")


def contact_changed(days: int) -> Risk:
    """The risk that the contact data are a thief's.

    Args:
        days: how long a change counts as recent.
    """
    return Risk(
        "contact_changed", f"E-mail address or phone number changed less than {days} days ago."
    )


def risks(facts: Facts, now: datetime, *, quiet_days: int) -> list[Risk]:
    """Why a second person has to agree; empty if the agent may act alone.

    Args:
        facts: of the client and the call.
        now: aware.
        quiet_days: how long a change of contact data counts as recent.
    """
    recent = not is_settled(facts.contact_changed_at, now, quiet_days=quiet_days)
    found = [
        (not facts.evidence, NO_EVIDENCE),
        (recent, contact_changed(quiet_days)),
        (facts.failed_check, FAILED_CHECK),
        (facts.locked, LOCKED),
        (facts.staff, STAFF),
        (facts.pressure, PRESSURE),
    ]
    return [risk for applies, risk in found if applies]


def is_settled(changed_at: datetime | None, now: datetime, *, quiet_days: int) -> bool:
    """Whether an address or number has been on file long enough to prove anything.

    Args:
        changed_at: aware; None if it was never changed since the account was opened.
        now: aware.
        quiet_days: design, row 19: 14.
    """
    return changed_at is None or now >= changed_at + timedelta(days=quiet_days)


class ApprovalState(StrEnum):
    """What a request for approval is at a moment."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    USED = "used"

    @property
    def label(self) -> str:
        """The desk's word."""
        return self.value.capitalize()


def approval_state(
    now: datetime,
    *,
    asked_at: datetime,
    expires_at: datetime,
    approved: bool | None,
    used_at: datetime | None,
) -> ApprovalState:
    """The state of a request.

    Args:
        now: aware.
        asked_at: when the second person was asked.
        expires_at: the exclusive end of the time to decide and to use it.
        approved: the decision; None while there is none.
        used_at: when the requester acted on it.
    """
    if used_at is not None:
        return ApprovalState.USED
    if approved is False:
        return ApprovalState.REFUSED
    # SECURITY: one from the future, before a clock was set back, is over too.
    if not is_within(expires_at - asked_at, asked_at, now):
        return ApprovalState.EXPIRED
    return ApprovalState.APPROVED if approved else ApprovalState.WAITING
