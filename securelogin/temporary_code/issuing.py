"""When a Temporary Code may be issued. Pure: the clock is an argument.

KB69: no consecutive codes, because the policy is to bring a client back to the strongest
protection, not to live on codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from securelogin.desk.rules import Risk

ISSUE = "temporary_code.issue_temporarycode"
ISSUE_ACTION = "issue"
OVERRIDE = "temporary_code.override_issue_policy"


class Reason(StrEnum):
    """Why the client needs one (base text, cases A and B)."""

    AWAY = "A"
    LOST = "B"

    @property
    def label(self) -> str:
        """The desk's words."""
        return _REASONS[self]

    @property
    def consequence(self) -> str:
        """What follows for the client, said before the agent chooses."""
        return _CONSEQUENCES[self]


_REASONS = {
    Reason.AWAY: "A - Away from device (has it, cannot use it now)",
    Reason.LOST: "B - Lost device (lost, stolen or broken)",
}
_CONSEQUENCES = {
    Reason.AWAY: (
        "An earlier Temporary Code ends. Every security device of the client's own goes on hold, "
        "and its sessions end: nobody can log in with it until the client takes it back. A card "
        "stays as it is."
    ),
    Reason.LOST: (
        "All codes and cards end now, and so does each own device that is named as lost, with "
        "every session opened with them. Own devices that are not named stay as they are."
    ),
}


def details(reason: Reason, ticket: str, note: str, lost: Iterable[str] = ()) -> dict[str, str]:
    """What exactly is to be issued, as a second person approves it and as it is then done.

    Args:
        reason: why.
        ticket: the desk's case.
        note: the agent's words.
        lost: django-otp's persistent ids of the own devices that are lost; with reason A nothing
            is lost, whatever is named.
    """
    found = {"reason": reason.value, "ticket": ticket, "note": note}
    named = _SEPARATOR.join(sorted(lost)) if reason is Reason.LOST else ""
    return found | ({"lost": named} if named else {})


def lost_in(details: Mapping[str, str]) -> list[str]:
    """The persistent ids of the devices that `details` name as lost."""
    named = details.get("lost", "")
    return named.split(_SEPARATOR) if named else []


_SEPARATOR = ", "


class Refusal(StrEnum):
    """Why a code must not be issued without a supervisor."""

    NOT_FOLLOWED = "not_followed"
    TOO_SOON = "too_soon"

    def risk(self, interval_days: int) -> Risk:
        """The same, as the desk asks a second person about it (design, row 2)."""
        words = {
            Refusal.NOT_FOLLOWED: "The last Temporary Code was not followed by a card or a device.",
            Refusal.TOO_SOON: f"A Temporary Code was issued less than {interval_days} days ago.",
        }
        return Risk(self.value, words[self], OVERRIDE)


# What the timeline says for the values stored with events (LoginDevice.event_words).
EVENT_WORDS: Mapping[str, Mapping[str, str]] = {
    "action": {ISSUE_ACTION: "to issue a Temporary Code"},
    "consequence": {reason.value: reason.consequence for reason in Reason},
    "reason": {
        Reason.AWAY.value: "reason A (away from device)",
        Reason.LOST.value: "reason B (lost device)",
    },
    "instead_of": {"not understood": "in place of one that was not understood"},
    "risks": {
        Refusal.NOT_FOLLOWED.value: "last code not followed by a card or a device",
        Refusal.TOO_SOON.value: "last code issued lately",
    },
}


def refusal(
    now: datetime, last_issued_at: datetime | None, *, proven_since: bool, interval: timedelta
) -> Refusal | None:
    """Why another code is refused, or None.

    Args:
        now: aware.
        last_issued_at: when the client's latest code was issued; None if there was none.
        proven_since: after that a card was activated, or a permanent device added or taken back.
        interval: the least time between two codes.
    """
    if last_issued_at is None:
        return None
    if not proven_since:
        return Refusal.NOT_FOLLOWED
    return Refusal.TOO_SOON if now < last_issued_at + interval else None
