"""Reminders of a card: it waits, it ends soon, it allows few sign-ins more. Each is sent once."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from securelogin import notices
from securelogin.conf import policy
from securelogin.models import describe_for
from securelogin.moments import day
from securelogin.security_card.challenge import PAIRS
from securelogin.security_card.making import SecurityCardQuerySet

if TYPE_CHECKING:
    from securelogin.security_card.models import SecurityCard


def send_due(cards: SecurityCardQuerySet, now: datetime) -> int:
    """Queue what is due of these cards; returns how many notices."""
    return _waiting(cards, now) + _ending(cards, now) + _used_up(cards, now)


def of_logins_left(card: SecurityCard) -> bool:
    """See `SecurityCard.remind_of_logins_left`."""
    left = card.logins_left
    due = [limit for limit in policy().logins_left_warnings if left <= limit]
    if not due or card.ended_at is not None:
        return False
    return notices.queue(
        "card_logins_left",
        card.user,
        key=f"{card.persistent_id}:left:{min(due)}",
        title=card.title,
        logins_left=left,
    )


def _waiting(cards: SecurityCardQuerySet, now: datetime) -> int:
    since = now - timedelta(hours=policy().activation_reminder_hours)
    due = cards.waiting(now).filter(created_at__lte=since).order_by("activate_by")

    def tell(card: SecurityCard, key: str) -> bool:
        until = describe_for(card.user, card.activate_by)
        return notices.queue("card_waiting", card.user, key=key, title=card.title, until=until)

    return notices.remind_each(due, "waiting", tell)


def _in_force(cards: SecurityCardQuerySet, now: datetime) -> SecurityCardQuerySet:
    return cards.usable(now).filter(expires_at__gt=now).order_by("expires_at")


def _ending(cards: SecurityCardQuerySet, now: datetime) -> int:
    # The nearest reminder that is due is sent; one that was missed is not sent late.
    queued, after = 0, now
    for days in sorted(policy().card_reminder_days):
        until = now + timedelta(days=days)
        due = _in_force(cards, now).filter(expires_at__gt=after, expires_at__lte=until)
        queued += notices.remind_each(due, f"ending:{days}", partial(_tell_end, days=days))
        after = until
    return queued


def _tell_end(card: SecurityCard, key: str, days: int) -> bool:
    # Those that were asked for have one.
    ends_at = cast("datetime", card.expires_at)
    return notices.queue(
        "card_ending",
        card.user,
        key=key,
        title=card.title,
        days=days,
        until=describe_for(card.user, ends_at),
        until_day=day(ends_at, card.user.time_zone),
    )


def _used_up(cards: SecurityCardQuerySet, now: datetime) -> int:
    queued, least = 0, PAIRS + 1
    for limit in sorted(policy().logins_left_warnings):
        due = _in_force(cards, now).filter(answered__gte=PAIRS - limit, answered__lt=least)
        queued += notices.remind_each(due, f"left:{limit}", lambda card, _key: of_logins_left(card))
        least = PAIRS - limit
    return queued
