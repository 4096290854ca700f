"""The names of everything the portal audits, as ``subject:past_participle``.

Pure. `securelogin.models.SecurityEvent` stores them.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

_REFERENCE = re.compile(r"([A-Z][0-9])([0-9]{4})")


class Event(StrEnum):
    """One value for each thing that can happen; the labels are the desk's words."""

    PASSWORD_ACCEPTED = "password:accepted"
    PASSWORD_REFUSED = "password:refused"
    PASSWORD_PAUSED = "password:paused"
    PASSWORD_CHANGED = "password:changed"
    RESET_ASKED = "password_reset:asked"
    RESET_NUMBER_MATCHED = "password_reset:number_matched"
    RESET_NUMBER_REFUSED = "password_reset:number_refused"
    SIGN_IN_COMPLETED = "sign_in:completed"
    SIGN_IN_REFUSED = "sign_in:refused"
    LOGIN_LOCKED = "login:locked"
    CHALLENGES_UNANSWERED = "challenges:unanswered"
    LOGGED_OUT = "session:ended"
    SESSION_ENDED_BY_OWNER = "session:ended_by_owner"
    SESSION_ENDED_BY_OPERATOR = "session:ended_by_operator"
    SESSION_ENDED_BY_LIMIT = "session:ended_by_limit"
    DEVICE_ISSUED = "device:issued"
    DEVICE_FIRST_USED = "device:first_used"
    DEVICE_SHOWN = "device:shown"
    DEVICE_KEPT = "device:kept"
    DEVICE_NOT_SEEN_KEPT = "device:not_seen_kept"
    DEVICE_ACTIVATION_REFUSED = "device:activation_refused"
    DEVICE_ACTIVATED = "device:activated"
    DEVICE_ENDED = "device:ended"
    DEVICE_HELD = "device:held"
    DEVICE_REACTIVATED = "device:reactivated"
    DEVICE_RENAMED = "device:renamed"
    DEVICE_READ_BACK = "device:read_back"
    LOGIN_UNLOCKED = "login:unlocked"
    PROOF_ACCEPTED = "proof:accepted"
    PROOF_REFUSED = "proof:refused"
    CONTACT_ASKED = "contact:asked"
    CONTACT_NUMBER_REFUSED = "contact:number_refused"
    CONTACT_WITHDRAWN = "contact:withdrawn"
    CONTACT_CHANGED = "contact:changed"
    ROLE_CHANGED = "role:changed"
    RECORD_OPENED = "record:opened"
    ACTION_REFUSED = "action:refused"
    NUMBER_SHOWN = "identity:number_shown"
    CALLED_BACK = "identity:called_back"
    CHECK_SENT = "identity:check_sent"
    CHECK_MATCHED = "identity:check_matched"
    CHECK_REFUSED = "identity:check_refused"
    DOCUMENT_SEEN = "identity:document_seen"
    PRESSURE_NOTED = "identity:pressure_noted"
    APPROVAL_ASKED = "approval:asked"
    APPROVAL_GIVEN = "approval:given"
    APPROVAL_REFUSED = "approval:refused"
    TIMELINE_EXPORTED = "timeline:exported"
    NOTICE_SENT = "notice:sent"
    NOTICE_GIVEN_UP = "notice:given_up"

    @property
    def label(self) -> str:
        """The event in words."""
        return _LABELS[self]

    @property
    def owasp(self) -> str:
        """Its name in the log: OWASP's Logging Vocabulary, which monitoring knows."""
        return _OWASP[self]

    @property
    def is_refusal(self) -> bool:
        """Something was refused, failed or was left undone."""
        return self in _REFUSALS


_LABELS = {
    Event.PASSWORD_ACCEPTED: "Password accepted",
    Event.PASSWORD_REFUSED: "Password refused",
    Event.PASSWORD_PAUSED: "Password entry paused",
    Event.PASSWORD_CHANGED: "Password changed",
    Event.RESET_ASKED: "Forgotten password: number asked for",
    Event.RESET_NUMBER_MATCHED: "Forgotten password: number right",
    Event.RESET_NUMBER_REFUSED: "Forgotten password: number wrong",
    Event.SIGN_IN_COMPLETED: "Logged in",
    Event.SIGN_IN_REFUSED: "Second step refused",
    Event.LOGIN_LOCKED: "Login locked",
    Event.CHALLENGES_UNANSWERED: "Password right, second step left unanswered",
    Event.LOGGED_OUT: "Logged out",
    Event.SESSION_ENDED_BY_OWNER: "Logged out from another browser",
    Event.SESSION_ENDED_BY_OPERATOR: "Logged out by the operator",
    Event.SESSION_ENDED_BY_LIMIT: "Logged out in the oldest browser",
    Event.DEVICE_ISSUED: "Issued",
    Event.DEVICE_FIRST_USED: "First used",
    Event.DEVICE_SHOWN: "Shown",
    Event.DEVICE_KEPT: "Kept",
    Event.DEVICE_NOT_SEEN_KEPT: "Continued without a copy seen",
    Event.DEVICE_ACTIVATION_REFUSED: "Wrong digits at activation",
    Event.DEVICE_ACTIVATED: "Activated",
    Event.DEVICE_ENDED: "Ended",
    Event.DEVICE_HELD: "Put on hold",
    Event.DEVICE_REACTIVATED: "In use again",
    Event.DEVICE_RENAMED: "Renamed",
    Event.DEVICE_READ_BACK: "Read back correctly",
    Event.LOGIN_UNLOCKED: "Login unlocked",
    Event.PROOF_ACCEPTED: "Both factors proven again",
    Event.PROOF_REFUSED: "Second proof refused",
    Event.CONTACT_ASKED: "New e-mail address waits for its number",
    Event.CONTACT_NUMBER_REFUSED: "New e-mail address: number wrong",
    Event.CONTACT_WITHDRAWN: "New e-mail address withdrawn",
    Event.CONTACT_CHANGED: "Contact data changed",
    Event.ROLE_CHANGED: "Role at the desk changed",
    Event.RECORD_OPENED: "Record opened by staff",
    Event.ACTION_REFUSED: "Action refused",
    Event.NUMBER_SHOWN: "Phone number shown to staff",
    Event.CALLED_BACK: "Called back on the number on file",
    Event.CHECK_SENT: "Check number sent",
    Event.CHECK_MATCHED: "Check number read back",
    Event.CHECK_REFUSED: "Wrong check number read back",
    Event.DOCUMENT_SEEN: "Document seen",
    Event.PRESSURE_NOTED: "Caller sounded under pressure",
    Event.APPROVAL_ASKED: "Approval asked",
    Event.APPROVAL_GIVEN: "Approval given",
    Event.APPROVAL_REFUSED: "Approval refused",
    Event.TIMELINE_EXPORTED: "Timeline exported",
    Event.NOTICE_SENT: "E-mail sent",
    Event.NOTICE_GIVEN_UP: "E-mail could not be sent",
}


# A factor that is only one of two, a proof repeated and mail have no word there; theirs are
# formed as the others are (tests/securelogin/test_events.py has both lists).
_OWASP = {
    Event.PASSWORD_ACCEPTED: "authn_factor_success",
    Event.PASSWORD_REFUSED: "authn_login_fail",
    Event.PASSWORD_PAUSED: "authn_login_fail_max",
    Event.PASSWORD_CHANGED: "authn_password_change",
    Event.RESET_ASKED: "authn_password_reset",
    Event.RESET_NUMBER_MATCHED: "authn_factor_success",
    Event.RESET_NUMBER_REFUSED: "authn_password_change_fail",
    Event.SIGN_IN_COMPLETED: "authn_login_success",
    Event.SIGN_IN_REFUSED: "authn_login_fail",
    Event.LOGIN_LOCKED: "authn_login_lock",
    Event.CHALLENGES_UNANSWERED: "sequence_fail",
    Event.LOGGED_OUT: "session_expired",
    Event.SESSION_ENDED_BY_OWNER: "session_expired",
    Event.SESSION_ENDED_BY_OPERATOR: "session_expired",
    Event.SESSION_ENDED_BY_LIMIT: "session_expired",
    Event.DEVICE_ISSUED: "authn_token_created",
    Event.DEVICE_FIRST_USED: "authn_factor_success",
    Event.DEVICE_SHOWN: "sensitive_read",
    Event.DEVICE_KEPT: "sensitive_read",
    Event.DEVICE_NOT_SEEN_KEPT: "sequence_fail",
    Event.DEVICE_ACTIVATION_REFUSED: "authn_factor_fail",
    Event.DEVICE_ACTIVATED: "authn_token_created",
    Event.DEVICE_ENDED: "authn_token_revoked",
    Event.DEVICE_HELD: "authn_token_revoked",
    Event.DEVICE_REACTIVATED: "authn_token_created",
    Event.DEVICE_RENAMED: "user_updated",
    Event.DEVICE_READ_BACK: "authz_admin",
    Event.LOGIN_UNLOCKED: "authz_admin",
    Event.PROOF_ACCEPTED: "session_renewed",
    Event.PROOF_REFUSED: "authn_factor_fail",
    Event.CONTACT_ASKED: "user_updated",
    Event.CONTACT_NUMBER_REFUSED: "authn_factor_fail",
    Event.CONTACT_WITHDRAWN: "user_updated",
    Event.CONTACT_CHANGED: "user_updated",
    Event.ROLE_CHANGED: "authz_change",
    Event.RECORD_OPENED: "sensitive_read",
    Event.ACTION_REFUSED: "authz_fail",
    Event.NUMBER_SHOWN: "sensitive_read",
    Event.CALLED_BACK: "authz_admin",
    Event.CHECK_SENT: "authz_admin",
    Event.CHECK_MATCHED: "authz_admin",
    Event.CHECK_REFUSED: "authn_factor_fail",
    Event.DOCUMENT_SEEN: "authz_admin",
    Event.PRESSURE_NOTED: "authz_admin",
    Event.APPROVAL_ASKED: "authz_admin",
    Event.APPROVAL_GIVEN: "authz_change",
    Event.APPROVAL_REFUSED: "authz_fail",
    Event.TIMELINE_EXPORTED: "sensitive_read",
    Event.NOTICE_SENT: "notice_sent",
    Event.NOTICE_GIVEN_UP: "notice_fail",
}
_REFUSALS = frozenset(
    (
        Event.PASSWORD_REFUSED,
        Event.PASSWORD_PAUSED,
        Event.RESET_NUMBER_REFUSED,
        Event.SIGN_IN_REFUSED,
        Event.LOGIN_LOCKED,
        Event.CHALLENGES_UNANSWERED,
        Event.DEVICE_NOT_SEEN_KEPT,
        Event.DEVICE_ACTIVATION_REFUSED,
        Event.PROOF_REFUSED,
        Event.CONTACT_NUMBER_REFUSED,
        Event.ACTION_REFUSED,
        Event.CHECK_REFUSED,
        Event.APPROVAL_REFUSED,
        Event.NOTICE_GIVEN_UP,
    )
)


def reference_in(text: str) -> str:
    """An event's reference as it is stored, from what a person typed.

    Args:
        text: ``a72210``, ``A7 2210`` and ``A7-2210`` are the same.

    Returns:
        ``A7-2210``; empty if the text is no reference.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    match = _REFERENCE.fullmatch("".join(char for char in plain if char.isalnum()))
    return "-".join(match.groups()) if match else ""
