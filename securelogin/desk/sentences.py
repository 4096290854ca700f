"""How an event reads at the desk: one plain sentence from its kind, device and stored facts.

Pure. What is stored are short values (``not_followed``); nobody at the desk reads those. A value
or a key without words here, or in the words of a device type, is left out, never shown raw.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from securelogin.desk.rules import UNLOCK_ACTION, Evidence
from securelogin.events import Event
from securelogin.lifecycle import EndReason, HoldReason
from securelogin.policy import Policy
from securelogin.verdict import Verdict

Detail = Mapping[str, object]
# Topic -> stored value -> words.
Words = Mapping[str, Mapping[str, str]]

# As long as the longest field that an agent fills in.
_LONGEST_TEXT = 200
# What must not be in a line: control characters, half characters, line ends, and marks that turn
# the direction of writing. A ticket must not rewrite the line that it stands in.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_TURNING_MARKS = frozenset("\u061c\u200e\u200f")


class Group(StrEnum):
    """What an event is about; the desk shows one group alone on demand."""

    DEVICES = "devices"
    LOGINS = "logins"
    STAFF = "staff"
    APPROVALS = "approvals"
    MAIL = "mail"

    @property
    def label(self) -> str:
        """The desk's word."""
        return self.value.capitalize()


# What shared code writes into an event; a device type adds the values of its own.
SHARED_WORDS: Words = {
    "evidence": {kind.value: kind.label for kind in Evidence},
    "ended": {reason.value: reason.desk_label.removeprefix("ended ") for reason in EndReason},
    "held": {reason.value: reason.desk_label for reason in HoldReason},
    "action": {
        "approve": "to decide about a request",
        "desk_page": "to use a page of the desk",
        "export": "to export the timeline",
        "foreign_device": "to open a device of somebody else",
        "full_access": "to do what this login does not reach",
        "revoke": "to revoke a device",
        UNLOCK_ACTION: "to unlock the login",
    },
    "verdict": {
        Verdict.LOCKED.value: "login locked",
        Verdict.ENDED.value: "used up or over",
        Verdict.REPLACED.value: "a code that a newer one replaced",
        Verdict.REPLAYED.value: "a code that had served already",
        Verdict.CLONED.value: "its counter went backwards, as that of a copy",
    },
    "lifted": {
        "second_step": "second step no longer locked",
        "password": "password entry no longer paused",
    },
    "risks": {
        "no_evidence": "nothing proves who is calling",
        "contact_changed": "contact data changed lately",
        "failed_check": "wrong check number read back",
        "locked": "login locked",
        "staff": "the client works here",
        "pressure": "caller sounded under pressure",
        "second_unlock": "unlocked lately already",
    },
}


@dataclass(frozen=True, slots=True)
class _Part:
    """One fact of an event.

    Attributes:
        key: of the detail.
        words: with ``{}`` for the value.
        topic: the vocabulary of the value; empty for a free text or a number.
    """

    key: str
    words: str = "{}"
    topic: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of event reads.

    Attributes:
        group: what it is about.
        head: with ``{title}`` for the device, ``{count}`` for the tries, ``{action}`` for what
            approval is about.
        parts: what follows, in this order.
        joint: between the head and what follows.
        limit: the policy's number that the failures are counted up to.
        needs_look: somebody should look into it.
        unseen: the head instead, where a verdict says why an answer was not compared.
    """

    group: Group
    head: str
    parts: tuple[_Part, ...] = ()
    joint: str = ", "
    limit: str = ""
    needs_look: bool = False
    unseen: str = ""


_TICKET = _Part("ticket", "ticket {}")
_NOTE = _Part("note", "note: {}")
_VERDICT = _Part("verdict", topic="verdict")
_VERIFIED = _Part("verified", topic="verified")
_EVIDENCE = _Part("evidence", topic="evidence")
_APPROVED_BY = _Part("approved_by", "approved by {}")
_DECIDED = (_Part("asked_by", "asked by {}"), _Part("reason", "reason: {}"))
_MAIL = (_Part("subject"), _Part("about", "about {}"))

_FORMS: Mapping[Event, _Form] = {
    Event.PASSWORD_ACCEPTED: _Form(Group.LOGINS, "Password accepted"),
    Event.PASSWORD_REFUSED: _Form(Group.LOGINS, "Wrong password{count}", limit="password_attempts"),
    Event.PASSWORD_PAUSED: _Form(
        Group.LOGINS, "Wrong password{count}: password entry paused", limit="password_attempts"
    ),
    Event.PASSWORD_CHANGED: _Form(
        Group.LOGINS, "Password changed", (_Part("sessions", "sessions ended: {}"),)
    ),
    Event.RESET_ASKED: _Form(
        Group.LOGINS, "Forgot the password: number asked for{count}", limit="reset_requests"
    ),
    Event.RESET_NUMBER_MATCHED: _Form(
        Group.LOGINS, "Forgot the password: number from the e-mail entered", needs_look=True
    ),
    Event.RESET_NUMBER_REFUSED: _Form(
        Group.LOGINS,
        "Forgot the password: wrong number entered{count}",
        limit="check_number_attempts",
    ),
    Event.SIGN_IN_COMPLETED: _Form(Group.LOGINS, "Logged in with {title}", (_VERIFIED,)),
    Event.SIGN_IN_REFUSED: _Form(
        Group.LOGINS,
        "Wrong answer at login with {title}{count}",
        (_VERDICT,),
        limit="factor_attempts",
        unseen="Answer at login with {title} refused",
    ),
    Event.LOGIN_LOCKED: _Form(
        Group.LOGINS,
        "Login locked after wrong answers with {title}",
        (_Part("total", "{} since the last login"),),
        needs_look=True,
    ),
    Event.CHALLENGES_UNANSWERED: _Form(
        Group.LOGINS,
        "Right password, but the second step was not answered",
        (_Part("times", "{} times"),),
        needs_look=True,
    ),
    Event.LOGGED_OUT: _Form(Group.LOGINS, "Logged out"),
    Event.SESSION_ENDED_BY_OWNER: _Form(
        Group.LOGINS, "Logged out elsewhere by the client", (_Part("sessions", "sessions: {}"),)
    ),
    Event.SESSION_ENDED_BY_OPERATOR: _Form(
        Group.LOGINS, "Logged out by the operator", (_Part("sessions", "sessions: {}"),)
    ),
    Event.SESSION_ENDED_BY_LIMIT: _Form(
        Group.LOGINS,
        "Logged out in the oldest browser, because a newer one logged in",
        (_Part("sessions", "sessions: {}"),),
    ),
    Event.PROOF_ACCEPTED: _Form(
        Group.LOGINS, "Confirmed again with password and {title}", (_VERIFIED,)
    ),
    Event.PROOF_REFUSED: _Form(
        Group.LOGINS,
        "Confirming again with {title} refused{count}",
        (_VERDICT,),
        limit="factor_attempts",
    ),
    Event.LOGIN_UNLOCKED: _Form(
        Group.LOGINS,
        "Login unlocked",
        (
            _Part("lifted", topic="lifted"),
            _Part("reason", "reason: {}"),
            _TICKET,
            _EVIDENCE,
            _APPROVED_BY,
        ),
    ),
    Event.DEVICE_ISSUED: _Form(
        Group.DEVICES,
        "{title} issued",
        (
            _Part("reason", topic="reason"),
            _Part("instead_of", topic="instead_of"),
            _TICKET,
            _EVIDENCE,
            _Part("policy", "against policy ({})", topic="risks"),
            _Part("override", "because: {}"),
            _APPROVED_BY,
            _NOTE,
        ),
    ),
    Event.DEVICE_READ_BACK: _Form(Group.DEVICES, "{title} read back correctly"),
    Event.DEVICE_FIRST_USED: _Form(Group.DEVICES, "First login with {title}"),
    Event.DEVICE_SHOWN: _Form(Group.DEVICES, "{title} shown", (_Part("how", topic="how"),)),
    Event.DEVICE_KEPT: _Form(
        Group.DEVICES, "{title} kept", (_Part("how", topic="how"),), joint=": "
    ),
    Event.DEVICE_NOT_SEEN_KEPT: _Form(Group.DEVICES, "{title}: went on without keeping a copy"),
    Event.DEVICE_ACTIVATION_REFUSED: _Form(
        Group.DEVICES, "{title}: wrong digits at activation{count}", limit="activation_attempts"
    ),
    Event.DEVICE_ACTIVATED: _Form(Group.DEVICES, "{title} activated", (_VERIFIED,)),
    Event.DEVICE_ENDED: _Form(
        Group.DEVICES, "{title} ended", (_Part("reason", topic="ended"), _NOTE), joint=": "
    ),
    Event.DEVICE_HELD: _Form(
        Group.DEVICES, "{title} put on hold", (_Part("reason", topic="held"), _TICKET), joint=": "
    ),
    Event.DEVICE_REACTIVATED: _Form(Group.DEVICES, "{title} is back with its owner, in use again"),
    Event.DEVICE_RENAMED: _Form(Group.DEVICES, "{title} renamed"),
    Event.CONTACT_ASKED: _Form(
        Group.STAFF, "New contact data wait for a number", (_Part("what"),), joint=": "
    ),
    Event.CONTACT_NUMBER_REFUSED: _Form(
        Group.STAFF,
        "New e-mail address: wrong number entered{count}",
        limit="check_number_attempts",
    ),
    Event.CONTACT_WITHDRAWN: _Form(
        Group.STAFF, "New contact data withdrawn", (_Part("what"),), joint=": "
    ),
    Event.CONTACT_CHANGED: _Form(Group.STAFF, "Contact data changed", (_Part("what"),), joint=": "),
    Event.ROLE_CHANGED: _Form(
        Group.STAFF, "Role at the desk changed", (_Part("role"),), joint=": ", needs_look=True
    ),
    Event.RECORD_OPENED: _Form(Group.STAFF, "Record opened"),
    Event.ACTION_REFUSED: _Form(
        Group.STAFF,
        "Not allowed{action}",
        needs_look=True,
    ),
    Event.NUMBER_SHOWN: _Form(Group.STAFF, "Phone number on file shown in full"),
    Event.CALLED_BACK: _Form(Group.STAFF, "Called back on the number on file"),
    Event.CHECK_SENT: _Form(Group.STAFF, "Check number sent to the e-mail address on file"),
    Event.CHECK_MATCHED: _Form(Group.STAFF, "Check number read back correctly"),
    Event.CHECK_REFUSED: _Form(Group.STAFF, "Wrong check number read back", needs_look=True),
    Event.DOCUMENT_SEEN: _Form(
        Group.STAFF,
        "Document seen",
        (_Part("document", topic="document"), _Part("seen", topic="seen")),
        joint=": ",
    ),
    Event.PRESSURE_NOTED: _Form(
        Group.STAFF, "Caller sounded under pressure, or was being told what to say", needs_look=True
    ),
    Event.APPROVAL_ASKED: _Form(
        Group.APPROVALS,
        "Approval asked{action}",
        (_Part("risks", topic="risks"), _TICKET),
        joint=": ",
    ),
    Event.APPROVAL_GIVEN: _Form(Group.APPROVALS, "Approval given{action}", _DECIDED),
    Event.APPROVAL_REFUSED: _Form(
        Group.APPROVALS, "Approval refused{action}", _DECIDED, needs_look=True
    ),
    Event.TIMELINE_EXPORTED: _Form(
        Group.STAFF,
        "Timeline exported",
        (_Part("days"), _Part("only", "only {}")),
        joint=": ",
    ),
    Event.NOTICE_SENT: _Form(Group.MAIL, "E-mail sent", _MAIL, joint=": "),
    Event.NOTICE_GIVEN_UP: _Form(
        Group.MAIL, "E-mail could not be sent", _MAIL, joint=": ", needs_look=True
    ),
}


def group_of(kind: Event) -> Group:
    """What a kind of event is about."""
    return _FORMS[kind].group


def kinds_of(group: Group) -> list[Event]:
    """The kinds of event of a group."""
    return [kind for kind, form in _FORMS.items() if form.group is group]


def needs_look(kind: Event, detail: Detail | None = None) -> bool:
    """Whether somebody should look into an event of this kind, with what is stored of it."""
    copied = (detail or {}).get("verdict") == Verdict.CLONED
    return _FORMS[kind].needs_look or copied


def sentence(kind: Event, title: str, detail: Detail, *, words: Words, numbers: Policy) -> str:
    """The event in words.

    Args:
        kind: what happened.
        title: the device concerned; empty for none.
        detail: as stored with the event, whatever an older release wrote there.
        words: of the values, shared and of the event's device type.
        numbers: how many tries there are.

    Returns:
        One line, without a full stop.
    """
    form = _FORMS[kind]
    action = _said(_Part("action", " {}", "action"), detail, words)
    # What was counted had been looked at.
    unseen = form.unseen if "verdict" in detail and "failures" not in detail else ""
    head = (unseen or form.head).format(
        title=plain(title) or "Device", count=_count(form, detail, numbers), action=action
    )
    said = [_said(part, detail, words) for part in form.parts]
    return form.joint.join(filter(None, [head, ", ".join(filter(None, said))]))


def is_invisible(char: str) -> bool:
    """Whether a character cannot be seen, breaks the line, or turns its direction."""
    return (
        unicodedata.category(char) in _UNPRINTABLE
        or unicodedata.bidirectional(char) in _TURNING
        or char in _TURNING_MARKS
    )


def plain(text: object) -> str:
    """What somebody typed, as one harmless line: a space stands for what cannot be seen, and for
    each run of white space."""
    line = " ".join("".join(" " if is_invisible(char) else char for char in str(text)).split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"


def _said(part: _Part, detail: Detail, words: Words) -> str:
    value = detail.get(part.key)
    if value is None or isinstance(value, (dict, list)):
        return ""
    if not part.topic:
        text = plain(value)
    else:
        known = words.get(part.topic, {})
        separator = "; " if part.topic == "risks" else ", "
        text = separator.join(known[name] for name in str(value).split(", ") if name in known)
    return part.words.format(text) if text else ""


def _count(form: _Form, detail: Detail, numbers: Policy) -> str:
    failures = detail.get("failures")
    if not form.limit or type(failures) is not int:
        return ""
    limit: int = getattr(numbers, form.limit)
    # The policy may have been another one then.
    return f" ({failures} of {limit})" if failures <= limit else f" ({failures})"
