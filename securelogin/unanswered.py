"""Notices who knows a password and has no device: second steps that nobody answers.

A thief of the password sees the question, and which two numbers it asks for, and leaves. The
question stays the same until it is answered, so looking again teaches nothing; but the owner
should hear of it, and so should the desk (peers get this wrong: a wrong code is told, a
question left alone is not).

A job looks for them, not the login: nobody logs in more slowly because somebody else did not, and
only when its time is over is a question known to be left alone.
"""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count

from securelogin import notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import SecurityEvent, SecurityEventQuerySet, lock_client

# Of one client in a day; a series that is longer was told of long ago.
_READ_MOST = 1000


def tell(now: datetime) -> int:
    """Tell owner and desk (job), once for each series of five (policy) within a day that no
    completed login interrupts.

    Args:
        now: aware.

    Returns:
        How many clients were told.
    """
    alert = policy().unanswered_alert
    series = _left_alone(now).order_by().values("user").annotate(times=Count("pk"))
    clients = series.filter(times__gte=alert).values_list("user", flat=True)
    return sum(_tell_client(pk, now) for pk in clients)


def _left_alone(now: datetime) -> SecurityEventQuerySet:
    numbers = policy()
    return SecurityEvent.objects.filter(
        kind=Event.PASSWORD_ACCEPTED,
        user__isnull=False,
        at__gt=now - numbers.unanswered_life,
        # Later ones may still be answered.
        at__lte=now - numbers.pending_life,
    )


def _tell_client(pk: int, now: datetime) -> bool:
    alert = policy().unanswered_alert
    with transaction.atomic():
        user = get_user_model()._default_manager.get(pk=pk)
        # Two jobs at the same time tell once.
        lock_client(user)
        if not _is_due(pk, now):
            return False
        event = SecurityEvent.objects.record(Event.CHALLENGES_UNANSWERED, user, times=alert)
        notices.queue("challenges_unanswered", user, event=event, times=alert)
    return True


def _is_due(pk: int, now: datetime) -> bool:
    numbers = policy()
    kinds = (Event.PASSWORD_ACCEPTED, Event.SIGN_IN_COMPLETED, Event.CHALLENGES_UNANSWERED)
    latest = SecurityEvent.objects.filter(
        user_id=pk, kind__in=kinds, at__gt=now - numbers.unanswered_life
    ).values_list("kind", "at")[:_READ_MOST]
    series = list(takewhile(lambda found: found[0] != Event.SIGN_IN_COMPLETED, latest))
    if any(kind == Event.CHALLENGES_UNANSWERED for kind, _at in series):
        return False
    over = now - numbers.pending_life
    return sum(at <= over for _kind, at in series) >= numbers.unanswered_alert
