"""Clients who wait for a place to have their card made: first come, first served, nearly.

A place in line is a row that says since when a client waits and when the page comes back. Only
the client's own request makes the card, for only it may hold the nonce; so the line calls
nobody. Instead, who stands further in front is told to come back sooner, and takes whatever place
is free then. A newcomer goes ahead only while nobody waits. Nothing is held open meanwhile: no
thread, no connection.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models

from securelogin import batches

if TYPE_CHECKING:
    from accounts.models import User

# Seconds for which a place is taken, about. Only half of the wait that follows from it passes
# before the client comes back, so a wrong guess, or more machines, cost nobody a turn.
EACH_TAKES = 2
SOONEST, LATEST = 3, 300
# Who is as far in front as there are places: these find a place that has become free. Sooner
# would hardly use it better, and takes the page away from whoever is reading it.
NEXT = 2
# Enough for the longest wait on a machine with many cores; counting further would only cost.
COUNTED = 10_000
# Who is overdue by more does not stand in anybody's way; who comes back later still has the place.
OVERDUE = timedelta(minutes=1)
KEPT = timedelta(hours=1)
# From so many seconds on a page counts in minutes.
_MINUTES_SAID = 120
# From hashes whose card was not stored until the client may have others.
PUT_OFF = timedelta(seconds=LATEST)


def wait_in_seconds(ahead: int, places: int) -> int:
    """When to come back: half of the time until a place may be free, within bounds; very soon
    for those who are next.

    Args:
        ahead: clients who are before this one.
        places: cards that a machine makes at once.
    """
    if ahead < places:
        return NEXT
    return min(LATEST, max(SOONEST, math.ceil(ahead * EACH_TAKES / places / 2)))


def in_words(seconds: int) -> str:
    """``1 second``, ``90 seconds``, ``5 minutes``: how a page says a wait. Longer ones are rounded
    up."""
    number, unit = (seconds, "second") if seconds < _MINUTES_SAID else (-(-seconds // 60), "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


class TurnQuerySet(models.QuerySet["Turn"]):
    """Standing in line."""

    def of(self, user: User, now: datetime) -> Turn | None:
        """The client's place, unless it was given up."""
        return self.filter(user=user, back_at__gt=now - KEPT).first()

    def before(self, user: User, turn: Turn | None, now: datetime) -> TurnQuerySet:
        """Those who are in front of a client: for a newcomer, everybody who is still there."""
        there = self.filter(back_at__gt=now - OVERDUE).exclude(user=user)
        if turn:
            return there.filter(asked_at__lt=turn.asked_at)
        # Who was put off comes after whoever asks until then.
        return there.filter(asked_at__lte=now)

    def may_go(self, user: User, now: datetime) -> bool:
        """Whether the client may take a place that is free: at the told time, or with nobody
        in front; never before the end of a time for which the client was put off."""
        turn = self.of(user, now)
        # SECURITY: or hashes whose cards are never stored could fill a place for ever.
        if turn and turn.asked_at > now:
            return False
        if turn and turn.back_at <= now:
            return True
        return not self.before(user, turn, now).exists()

    def wait(self, user: User, now: datetime) -> Turn:
        """Stand in line, or go on standing at the same place, and be told when to come back."""
        turn = self.of(user, now)
        asked_at = turn.asked_at if turn else now
        ahead = self.before(user, turn, now)[:COUNTED].count()
        seconds = wait_in_seconds(ahead, settings.CARDS_AT_ONCE)
        back_at = max(asked_at, now + timedelta(seconds=seconds))
        told = Turn(user=user, asked_at=asked_at, ahead=ahead, back_at=back_at)
        # SECURITY: who has a place keeps its time, also where another click is put off meanwhile.
        self._write(told, ["ahead", "back_at"] if turn else ["asked_at", "ahead", "back_at"])
        return told

    def put_off(self, user: User, now: datetime) -> None:
        """Hashes were made and no card: stand in line anew, as if asking in five minutes.

        Until then the client is in nobody's way, and may take no place.
        """
        later = now + PUT_OFF
        told = Turn(user=user, asked_at=later, ahead=0, back_at=later)
        self._write(told, ["asked_at", "ahead", "back_at"])

    def _write(self, turn: Turn, changes: list[str]) -> None:
        # One statement: two clicks at once leave one place.
        self.bulk_create(
            [turn], update_conflicts=True, unique_fields=["user"], update_fields=changes
        )

    def leave(self, user: User) -> None:
        """The client has a card."""
        self.filter(user=user).delete()

    def forget(self, now: datetime) -> int:
        """Delete the places that were given up; returns how many."""
        return batches.delete(self.filter(back_at__lte=now - KEPT).order_by("back_at"))


class Turn(models.Model):
    """One client's place in line."""

    user: Any = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    # As it was when the client asked last.
    ahead = models.PositiveIntegerField()
    back_at = models.DateTimeField(db_index=True)

    objects: ClassVar[Any] = TurnQuerySet.as_manager()

    class Meta:
        default_permissions: ClassVar[tuple[str, ...]] = ()
        # Those in front of a client are found without reading those behind.
        indexes: ClassVar = [models.Index(fields=["asked_at", "back_at"], name="turn_in_front")]
        verbose_name = "place in line for a card"
        verbose_name_plural = "places in line for a card"

    def __str__(self) -> str:
        return f"place in line of client {self.user_id}"

    @property
    def is_long(self) -> bool:
        """Whether more are in front than were counted."""
        return self.ahead >= COUNTED

    @property
    def is_put_off(self) -> bool:
        """Whether the client comes back at a time that was set for hashes without a card."""
        return self.back_at <= self.asked_at

    def seconds_left(self, now: datetime) -> int:
        """Until the page shall come back; at least one."""
        return max(1, math.ceil((self.back_at - now).total_seconds()))
