"""A request for approval in words: what is asked, and what was established about the caller."""

from __future__ import annotations

from datetime import datetime

from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.rules import Evidence
from securelogin.desk.timeline import in_words

# What the parts of a request are called; the order in which they are shown.
_LABELS = {"reason": "Reason", "why": "Reason", "ticket": "Ticket", "note": "Note"}


def what(approval: Approval) -> str:
    """What the agent wants to do: ``to unlock the login``."""
    return in_words("action", approval.action) or approval.action


def details(approval: Approval) -> list[tuple[str, str]]:
    """What exactly was asked for: label and words of each part that was filled in."""
    return [
        (label, in_words(key, value) or value)
        for key, label in _LABELS.items()
        if (value := approval.details.get(key, ""))
    ]


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
