"""A machine that makes as many cards as it may."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from unittest import mock

from accounts.models import User
from securelogin.security_card import places
from securelogin.security_card.line import Turn
from tests import factories


def no_place() -> AbstractContextManager[object]:
    """While it lasts, every place on this machine is taken."""
    return mock.patch.object(places, "taken_for", return_value=nullcontext(False))


def in_line(name: str, now: datetime, *, since: timedelta, back_in: timedelta) -> Turn:
    """A client who waits, and was told when to come back."""
    user: User = factories.make_user(name)
    turn: Turn = Turn.objects.create(
        user=user, asked_at=now - since, ahead=0, back_at=now + back_in
    )
    return turn
