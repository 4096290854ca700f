"""How a client gets locked out, and a second person agrees to end it."""

from __future__ import annotations

import uuid

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.password_throttle import pauses_of
from accounts.unlocking import details_of, risks_of_unlock
from securelogin.desk.models import Approval
from securelogin.desk.rules import UNLOCK_ACTION


def pause(user: User, address: str = "198.51.100.7") -> None:
    """Five wrong passwords from somewhere."""
    fields = {"username": user.username, "password": "wrong"}
    for _ in range(5):
        Client(REMOTE_ADDR=address).post("/login/", fields)
    assert pauses_of(user.username)


def approved(agent: User, client: User, by: User, **details: str) -> Approval:
    """A request with a second person's yes."""
    approval = Approval.objects.ask(
        UNLOCK_ACTION,
        client,
        requester=agent,
        check=None,
        risks=risks_of_unlock(client, timezone.now(), None),
        details={**details_of("Mistyped", "T-7"), **details},
        request_id=uuid.uuid4(),
    )
    approval.decide(by, approve=True, reason="Known voice")
    return approval
