"""A request for approval in words: what is asked, and what was established about the caller."""

from __future__ import annotations

from datetime import datetime

from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.rules import Evidence
from securelogin.desk.timeline import in_words
from securelogin.models import devices_of

# What the parts of a request are called; the order in which they are shown.
_LABELS = {
    "reason": "Reason",
    "why": "Reason",
    "lost": "Lost devices",
    "ticket": "Ticket",
    "note": "Note",
}


def what(approval: Approval) -> str:
    """What the agent wants to do: ``to unlock the login``."""
    return in_words("action", approval.action) or approval.action


def details(approval: Approval) -> list[tuple[str, str]]:
    """What exactly was asked for: label and words of each part that was filled in, and what
    follows from it."""
    found = [
        (label, _titles(approval, value) if key == "lost" else in_words(key, value) or value)
        for key, label in _LABELS.items()
        if (value := approval.details.get(key, ""))
    ]
    consequence = in_words("consequence", approval.details.get("reason", ""))
    return [*found, ("What follows", consequence)] if consequence else found


def _titles(approval: Approval, named: str) -> str:
    """The devices of these persistent ids; one that is over by now is no longer touched."""
    devices = [d for d in devices_of(approval.client) if d.persistent_id in named.split(", ")]
    return ", ".join(f"{d.title} (over already)" if d.ended_at else d.title for d in devices)


def established(check: IdentityCheck | None) -> list[tuple[str, datetime]]:
    """What the agent did to find out who is calling, and when; also once the call is over."""
    if check is None:
        return []
    document = f"{check.get_document_display()}, seen {check.get_document_seen_display().lower()}"
    steps = (
        (Evidence.CALL_BACK.label, check.called_back_at),
        (Evidence.CHECK_NUMBER.label, check.check_matched_at),
        (f"{Evidence.DOCUMENT.label}: {document}", check.document_at),
    )
    return [(words, at) for words, at in steps if at is not None]
