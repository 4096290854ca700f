"""Notices who knows a password and has no device: second steps that nobody answers.

A thief of the password sees the question, and which two numbers it asks for, and leaves. The
question stays the same until it is answered, so looking again teaches nothing; but the owner
should hear of it, and so should the desk (peers get this wrong: a wrong code is told, a
question left alone is not).
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from securelogin import notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User


def watch(user: User) -> None:
    """Call it after a right password: tells owner and desk, once for each series of five
    (policy) within a day that no completed login interrupts.

    One query, and nothing is written while all is well.
    """
    numbers = policy()
    kinds = [Event.PASSWORD_ACCEPTED, Event.SIGN_IN_COMPLETED]
    since = timezone.now() - numbers.unanswered_life
    # One row more than the alarm needs: a sixth right password does not raise it again.
    latest = SecurityEvent.objects.filter(user=user, kind__in=kinds, at__gt=since).values_list(
        "kind", flat=True
    )[: numbers.unanswered_alert + 2]
    accepted = len(list(takewhile(lambda kind: kind == Event.PASSWORD_ACCEPTED, latest)))
    # The newest is the password of just now, whose question may still be answered.
    if accepted - 1 != numbers.unanswered_alert:
        return
    with transaction.atomic():
        event = SecurityEvent.objects.record(
            Event.CHALLENGES_UNANSWERED, user, times=numbers.unanswered_alert
        )
        notices.queue("challenges_unanswered", user, event=event, times=numbers.unanswered_alert)
