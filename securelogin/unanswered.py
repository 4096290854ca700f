"""Notices who knows a password and has no device: second steps that nobody answers.

A thief of the password sees the question, and which two numbers it asks for, and leaves. The
question stays the same until it is answered, so looking again teaches nothing; but the owner
should hear of it, and so should the desk (peers get this wrong: a wrong code is told, a
question left alone is not).

A job looks for them, not the login: nobody logs in more slowly because somebody else did not, and
only when its time is over is a question known to be left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count

from securelogin import batches, notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import SecurityEvent, SecurityEventQuerySet, lock_client

# Of one client in a day; of a series that is longer the job told long ago.
_READ_MOST = 1000
_KINDS = (Event.PASSWORD_ACCEPTED, Event.SIGN_IN_COMPLETED, Event.CHALLENGES_UNANSWERED)


def tell(now: datetime) -> int:
    """Tell owner and desk (job), once for each series of five (policy) within a day that no
    completed login interrupts.

    Args:
        now: aware.

    Returns:
        How many clients were told. A failure is logged, and the others get their turn.
    """
    alert = policy().unanswered_alert
    series = _left_alone(now).order_by().values("user").annotate(times=Count("pk"))
    keys = list(series.filter(times__gte=alert).values_list("user", flat=True))
    clients, told = get_user_model()._default_manager.order_by("pk"), 0
    for start in range(0, len(keys), batches.SIZE):
        for user in clients.filter(pk__in=keys[start : start + batches.SIZE]):
            told += batches.succeeds(partial(_tell_client, now=now), user)
        # Whom a run has told is not due in the next, which goes on with the others.
        if told >= batches.MOST:
            break
    return told


def due_series(
    found: Iterable[tuple[str, datetime]], now: datetime, life: timedelta, alert: int
) -> list[list[datetime]]:
    """Which series of questions left alone nobody was told of.

    A completed login ends a series, and was the answer to its last question. An alarm tells of
    each series that it could see the beginning of: whose first question was over by then.

    Args:
        found: kind and moment (aware) of one client's events, in order of time.
        now: aware.
        life: how long a question may be answered.
        alert: how many make an alarm.

    Returns:
        The moments of the questions of each, those that may still be answered left out.
    """
    series: list[list[datetime]] = [[]]
    alarms: list[datetime] = []
    for kind, at in found:
        if kind == Event.PASSWORD_ACCEPTED:
            series[-1].append(at)
        elif kind == Event.SIGN_IN_COMPLETED:
            del series[-1][-1:]
            series.append([])
        elif kind == Event.CHALLENGES_UNANSWERED:
            alarms.append(at)
    over = ([at for at in questions if at <= now - life] for questions in series)
    return [
        questions
        for questions in over
        if len(questions) >= alert and not any(at >= questions[0] + life for at in alarms)
    ]


def _left_alone(now: datetime) -> SecurityEventQuerySet:
    numbers = policy()
    return SecurityEvent.objects.filter(
        kind=Event.PASSWORD_ACCEPTED,
        user__isnull=False,
        at__gt=now - numbers.unanswered_life,
        # Later ones may still be answered.
        at__lte=now - numbers.pending_life,
    )


def _tell_client(user: Any, now: datetime) -> bool:
    alert = policy().unanswered_alert
    # Many log in five times a day: their rows are not locked for a look.
    if not _is_due(user.pk, now):
        return False
    with transaction.atomic():
        # Two jobs at the same time tell once.
        lock_client(user)
        if not _is_due(user.pk, now):
            return False
        event = SecurityEvent.objects.record(Event.CHALLENGES_UNANSWERED, user, times=alert)
        notices.queue("challenges_unanswered", user, event=event, times=alert)
    return True


def _is_due(pk: int, now: datetime) -> bool:
    numbers = policy()
    # Newest first: so reads the index.
    found = SecurityEvent.objects.filter(
        user_id=pk, kind__in=_KINDS, at__gt=now - numbers.unanswered_life
    ).values_list("kind", "at")[:_READ_MOST]
    return bool(due_series(reversed(found), now, numbers.pending_life, numbers.unanswered_alert))
