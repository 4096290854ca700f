"""Slows down guessing at the password step, for a user name and for a network.

Keyed by what was typed, whether such a user exists or not, so that waiting tells nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from accounts import known_browsers
from accounts.models import User
from securelogin import origin
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import Failures, SecurityEvent
from securelogin.throttle import Limit

# Between a user name and a browser's name; no network has it.
_BROWSER = "@"


class PasswordThrottle:
    """The series of failures of one user name, and of the network of this request.

    A pause counts first of all for the network where the failures came from: somebody
    elsewhere cannot keep a client out by typing the client's name a few times. Many networks
    together can, except from a browser that the client has logged in with before, which keeps
    a series of its own. So to lock a client out costs many machines, and does not work.
    """

    def __init__(self, request: HttpRequest, username: str) -> None:
        own = _key_of(username)
        self.username = username
        self.series: dict[str, Failures] = {}
        self.limits: dict[str, Limit] = {}
        if browser := known_browsers.id_of(request, username):
            self.limits[f"{own}:{_BROWSER}{browser}"] = policy().password_limit
            return
        network = origin.current().network
        self.limits[f"{own}:{network}"] = policy().password_limit
        self.limits[own] = policy().name_limit
        if network:
            self.limits[f"network:{network}"] = policy().crowd_limit

    @property
    def paused_until(self) -> datetime | None:
        """Until when tries are refused unseen; None while they are allowed."""
        self.series = {row.key: row for row in Failures.objects.of_keys(list(self.limits))}
        ends = [row.locked_until(self.limits[key]) for key, row in self.series.items()]
        return max((end for end in ends if end), default=None)

    def refused(self) -> None:
        """Count a wrong password."""
        # SECURITY: an unknown user name is not stored: it may be a password typed there.
        user = get_user_model().objects.filter(username=self.username).first()
        self._count(user, Event.PASSWORD_REFUSED)

    def proof_refused(self, user: User) -> None:
        """Count a password and an answer that were refused together; of that another event
        tells, but not of a pause that begins."""
        self._count(user, None)

    def _count(self, user: User | None, kind: Event | None) -> None:
        rows = {key: Failures.objects.record(key, limit) for key, limit in self.limits.items()}
        first = next(iter(rows.values()))
        if any(rows[key].locked_until(limit) for key, limit in self.limits.items()):
            kind = Event.PASSWORD_PAUSED
        if kind is not None:
            SecurityEvent.objects.record(kind, user, failures=first.count)

    def accepted(self, user: User) -> None:
        """A right password ends the user name's series; the network's goes on."""
        self.end_series()
        SecurityEvent.objects.record(Event.PASSWORD_ACCEPTED, user, actor=user)

    def end_series(self) -> None:
        """The same, where another event tells of the right password."""
        ended = [key for key in self.series if key.startswith("password:")]
        if ended:
            Failures.objects.filter(key__in=ended).delete()


@dataclass(frozen=True, slots=True)
class Pause:
    """Password entry for a user name is paused.

    Attributes:
        place: for tries from there: a network, or ``a known browser``; empty: from everywhere.
        until: aware.
    """

    place: str
    until: datetime


def pauses_of(username: str) -> list[Pause]:
    """The pauses of a user name that hold now, for the desk."""
    own = _key_of(username)
    pauses = []
    for row in Failures.objects.filter(key__startswith=own).order_by("key"):
        place = row.key.removeprefix(own).removeprefix(":")
        limit = policy().password_limit if place else policy().name_limit
        if until := row.locked_until(limit):
            name = "a known browser" if place.startswith(_BROWSER) else place
            pauses.append(Pause(name, until))
    return pauses


def lift_pauses(username: str) -> int:
    """Forget the failures of a user name (desk). Returns how many series there were."""
    return Failures.objects.filter(key__startswith=_key_of(username)).delete()[0]


def _key_of(username: str) -> str:
    return f"password:{hashlib.sha256(username.encode()).hexdigest()[:32]}"
