"""Slows down asking for numbers: for a user name, and for a network.

Keyed by what was typed, whether such a user exists or not, so that waiting tells nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.http import HttpRequest

from accounts import known_browsers
from securelogin import origin
from securelogin.conf import policy
from securelogin.models import Failures
from securelogin.throttle import Limit


class ResetThrottle:
    """How often a number was asked for lately, for one user name and from one network.

    Strangers who ask again and again fill a mailbox no further than the limit of the name, and
    do not keep out a browser that the client has logged in with before.
    """

    def __init__(self, request: HttpRequest, username: str) -> None:
        own = f"reset:{hashlib.sha256(username.encode()).hexdigest()[:32]}"
        numbers = policy()
        self.limits: dict[str, Limit] = {}
        if browser := known_browsers.id_of(request, username):
            self.limits[f"{own}:@{browser}"] = numbers.reset_limit
            return
        network = origin.current().network
        self.limits[f"{own}:{network}"] = numbers.reset_limit
        self.limits[own] = numbers.reset_name_limit
        if network:
            self.limits[f"reset-network:{network}"] = numbers.reset_network_limit

    @property
    def paused_until(self) -> datetime | None:
        """Until when nothing is sent; None while it is."""
        rows = Failures.objects.filter(key__in=self.limits)
        ends = [row.locked_until(self.limits[row.key]) for row in rows]
        return max((end for end in ends if end), default=None)

    def count(self) -> int:
        """Count one request. Returns how many there were from here lately."""
        rows = [Failures.objects.record(key, limit) for key, limit in self.limits.items()]
        return rows[0].count
