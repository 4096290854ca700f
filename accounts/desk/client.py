"""What stands on the desk's page of one client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.desk.chips import chips_of, days_ago
from accounts.models import User
from accounts.unlocking import locks_of
from securelogin.conf import policy
from securelogin.desk.live import live_status
from securelogin.desk.masking import masked_email, masked_phone
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.permissions import may_act_on
from securelogin.desk.roles import REVOKE, TIMELINE, UNLOCK
from securelogin.desk.rules import ApprovalState, is_settled
from securelogin.desk.standing import Standing, is_current, reach_of
from securelogin.desk.timeline import TimelineRow, in_words, timeline_rows
from securelogin.events import Event
from securelogin.models import LoginDevice, SecurityEvent, devices_of
from securelogin.registry import DeskAction, device_types

_LATEST_EVENTS = 10


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach the client.

    Attributes:
        label: ``E-mail``, ``Phone`` or ``Second e-mail``.
        masked: as much of it as the desk sees; empty: there is none.
        since: since when it is on file, aware.
        changed: how long ago, in words, while it proves nothing yet; else empty.
    """

    label: str
    masked: str
    since: datetime
    changed: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device and what the agent may do with it.

    Attributes:
        device: of the client.
        revoke_url: empty where that is not allowed, or makes no sense.
    """

    device: LoginDevice
    revoke_url: str


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A request for approval that still matters.

    Attributes:
        approval: the request.
        what: for what, in words.
        decide_url: empty unless the agent may decide on it.
    """

    approval: Approval
    what: str
    decide_url: str


def client_page(agent: User, client: User) -> dict[str, Any]:
    """The context of the page: everything that an agent may see of this client.

    Args:
        agent: who looks.
        client: at whom.
    """
    now = timezone.now()
    may_act = may_act_on(agent, client) and client.is_active
    devices = devices_of(client, issuers=True)
    current = [device for device in devices if is_current(device, now)]
    locks = locks_of(client)
    standing = Standing(current, locks.second_step)
    return {
        "client": client,
        "chips": chips_of(client, standing, now, quiet_days=policy().contact_quiet_days),
        "contacts": _contacts(client, now),
        "own_record": agent.pk == client.pk,
        "actions": _actions(agent) if may_act else [],
        "reach": reach_of(current, now),
        "devices": [
            DeviceRow(device, _revoke_url(agent, device) if may_act else "") for device in current
        ],
        "ended": [device for device in devices if device not in current],
        "locks": locks,
        "may_unlock": bool(locks) and may_act and agent.has_perm(UNLOCK),
        "others": IdentityCheck.objects.of_others(agent, client, now),
        "approvals": _approvals(agent, client, now),
        "live": live_status(client),
        "rows": _latest(client) if agent.has_perm(TIMELINE) else None,
    }


def _contacts(client: User, now: datetime) -> list[Contact]:
    quiet_days = policy().contact_quiet_days

    def contact(label: str, masked: str, since: datetime) -> Contact:
        settled = is_settled(since, now, quiet_days=quiet_days)
        return Contact(label, masked, since, "" if settled else days_ago(since, now))

    second = contact("Second e-mail", masked_email(client.notify_email), client.notify_email_since)
    return [
        contact("E-mail", masked_email(client.email), client.email_since),
        contact("Phone", masked_phone(client.phone), client.phone_since),
        # Most have none; one that was taken off lately matters all the same.
        *([second] if second.masked or second.changed else []),
    ]


def _actions(agent: User) -> list[DeskAction]:
    actions = (action for config in device_types() for action in config.desk_actions)
    return [action for action in actions if agent.has_perm(action.permission)]


def _revoke_url(agent: User, device: LoginDevice) -> str:
    if not agent.has_perm(REVOKE):
        return ""
    meta = device._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_revoke", args=[device.pk])


def _approvals(agent: User, client: User, now: datetime) -> list[ApprovalRow]:
    """Requests that wait, and those that were approved and not yet acted on."""
    found = Approval.objects.alive(now).filter(client=client, used_at=None)
    rows = []
    for approval in found.select_related("requester", "decided_by").order_by("asked_at"):
        state = approval.state_at(now)
        if state is ApprovalState.REFUSED:
            continue
        approval.client = client
        may_decide = state is ApprovalState.WAITING and approval.may_be_decided_by(agent)
        url = reverse("admin:desk_approval_change", args=[approval.pk]) if may_decide else ""
        rows.append(ApprovalRow(approval, in_words("action", approval.action), url))
    return rows


def _latest(client: User) -> list[TimelineRow]:
    """Without the visits of staff, which would fill a short list; the whole timeline has them."""
    events = SecurityEvent.objects.filter(user=client).exclude(kind=Event.RECORD_OPENED)
    return timeline_rows(events.select_related("actor")[:_LATEST_EVENTS], client)
