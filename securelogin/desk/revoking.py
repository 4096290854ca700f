"""Why staff revoke a device, and whom that reaches. Revoking is the safe direction: nobody has to
agree to it."""

from __future__ import annotations

from enum import StrEnum

from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from securelogin.lifecycle import EndReason
from securelogin.models import LoginDevice


class RevokeReason(StrEnum):
    """Why (interface 3.4)."""

    CLIENT_ASKS = "client_asks"
    LOST = "lost"
    STOLEN = "stolen"
    SUSPICION = "suspicion"
    MISTAKE = "mistake"

    @property
    def label(self) -> str:
        """The desk's words."""
        return _LABELS[self]

    @property
    def end_reason(self) -> EndReason:
        """How the device ends."""
        lost = self in {RevokeReason.LOST, RevokeReason.STOLEN}
        return EndReason.REPORTED_LOST if lost else EndReason.CANCELLED_BY_STAFF


_LABELS = {
    RevokeReason.CLIENT_ASKS: "The client asks for it",
    RevokeReason.LOST: "Lost",
    RevokeReason.STOLEN: "Stolen",
    RevokeReason.SUSPICION: "Suspicion that somebody else uses it",
    RevokeReason.MISTAKE: "Issued by mistake",
}


def note_of(reason: RevokeReason, words: str) -> str:
    """What the timeline keeps of it.

    Args:
        reason: why.
        words: the agent's own; may be empty.
    """
    label = reason.label[0].lower() + reason.label[1:]
    return f"{label}: {words}" if words else label


def open_sessions_of(device: LoginDevice) -> int:
    """How many sessions end with a device. A client has few: each is looked into."""
    rows = device.user.sessions.filter(expire_date__gt=timezone.now())
    devices = [row.get_decoded().get(DEVICE_ID_SESSION_KEY) for row in rows]
    return devices.count(device.persistent_id)
