"""Activation: the right digits of one pair make a waiting card the client's device, at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.keys import KeyMissingError
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent, describe_for, end_interim_devices, lock_client
from securelogin.moments import day

if TYPE_CHECKING:
    from securelogin.security_card.models import SecurityCard


class Activation(StrEnum):
    """What became of an attempt to activate."""

    DONE = "done"
    ALREADY = "already"
    WRONG = "wrong"
    INDEX_NUMBERS = "index_numbers"
    CANCELLED = "cancelled"
    LATE = "late"
    OVER = "over"
    KEY_MISSING = "key_missing"


@sensitive_variables()
def activate(card: SecurityCard, answer: str) -> Activation:
    """See `SecurityCard.activate`."""
    with transaction.atomic():
        lock_client(card.user)
        # Of the card alone: with the client's row, too, sign-ins would deadlock with this.
        locked = type(card).objects.select_for_update(of=("self",)).select_related("user")
        outcome = _attempt(locked.get(pk=card.pk), answer, timezone.now())
    card.refresh_from_db()
    return outcome


@sensitive_variables()
def _attempt(card: SecurityCard, answer: str, now: datetime) -> Activation:
    if card.status_at(now) is Status.ACTIVE:
        return Activation.ALREADY
    if card.status_at(now) is not Status.WAITING:
        late = card.ended_at is None or card.end_reason == EndReason.NOT_ACTIVATED
        return Activation.LATE if late else Activation.OVER
    try:
        right = card.is_answer(answer)
    except KeyMissingError:
        return Activation.KEY_MISSING
    if right:
        return _become_active(card, now)
    if card.forgive(answer):
        return Activation.INDEX_NUMBERS
    return refuse(card)


def _become_active(card: SecurityCard, now: datetime) -> Activation:
    # The older card goes first: the database holds one active card for a client.
    end_interim_devices(card.user, EndReason.REPLACED, spare=card, by=card.user)
    end = card.must_end_at or now + policy().card_life
    if not card.use_up(activated_at=now, expires_at=end, confirmed=True):
        return Activation.OVER
    event = SecurityEvent.objects.record(
        Event.DEVICE_ACTIVATED, card.user, device=card, actor=card.user
    )
    notices.queue(
        "card_activated",
        card.user,
        event=event,
        title=card.title,
        until=describe_for(card.user, end),
        until_day=day(end, card.user.time_zone),
    )
    return Activation.DONE


def refuse(card: SecurityCard) -> Activation:
    """Count wrong digits; the last attempt cancels the card."""
    card.activation_failures += 1
    card.save(update_fields=["activation_failures"])
    event = SecurityEvent.objects.record(
        Event.DEVICE_ACTIVATION_REFUSED,
        card.user,
        device=card,
        actor=card.user,
        failures=card.activation_failures,
    )
    if card.activation_attempts_left:
        return Activation.WRONG
    card.end(EndReason.WRONG_DIGITS)
    notices.queue("card_cancelled_wrong", card.user, event=event, title=card.title)
    return Activation.CANCELLED
