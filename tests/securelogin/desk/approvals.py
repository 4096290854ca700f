"""A request to unlock, and a second person in front of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.rules import LOCKED, UNLOCK_ACTION, ApprovalState, Risk

LIST = "/admin/desk/approval/"
MINUTE = timedelta(minutes=1)
SUPERVISORS_ONLY = Risk("too_soon", "A code was issued lately.", "desk.act_on_staff")


def ask(
    agent: User, client: User, *risks: Risk, check: IdentityCheck | None = None, why: str = "Typo"
) -> Approval:
    """A request to unlock."""
    return Approval.objects.ask(
        UNLOCK_ACTION,
        client,
        requester=agent,
        check=check,
        risks=list(risks) or [LOCKED],
        details={"why": why, "ticket": "T-88121"},
        request_id=uuid.uuid4(),
    )


def address(approval: Approval) -> str:
    """Of the page to decide on."""
    return reverse("admin:desk_approval_change", args=[approval.pk])


def decide(desk: Client, approval: Approval, decision: str = "approve", **fields: str) -> Any:
    """Press a button, with a reason unless the test says otherwise."""
    data = {"reason": "Known voice", **fields, "decision": decision}
    return desk.post(address(approval), data)


def state(approval: Approval) -> ApprovalState:
    """As it is stored."""
    approval.refresh_from_db()
    return approval.state
