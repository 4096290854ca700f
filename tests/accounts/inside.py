"""Somebody who is logged in, and is asked to prove both factors once more."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.models import User
from securelogin.models import Failures
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import Clock

CONFIRM = "/login/confirm/"
BACK = "/settings/user/"
ADDRESS = f"{CONFIRM}?next={BACK}"
NEUTRAL = "Your password or your answer is not correct. Check both and try again."
FIVE = timedelta(minutes=5)


def wrong(answer: str) -> str:
    return "".join(str(9 - int(digit)) for digit in answer)


class Inside:
    """Somebody logged in with a Temporary Code, whose proof is five minutes old."""

    def __init__(self, user: User, clock: Clock) -> None:
        self.user = user
        _code, self.digits = factories.make_code(user)
        self.client = Client()
        assert factories.sign_in(self.client, user, self.digits).status_code == 302
        clock.shift(FIVE)

    def confirm(
        self, password: str = factories.PASSWORD, address: str = ADDRESS, **fields: str
    ) -> Any:
        """Send the form; with nothing else said, the right answer."""
        fields = fields or {"temporary_code": self.digits}
        return self.client.post(address, {"password": password, **fields})

    @property
    def is_fresh(self) -> bool:
        """Whether the page of the proof lets through unasked."""
        return self.client.get(ADDRESS).status_code == 302


def with_card(user: User, clock: Clock) -> tuple[Inside, SecurityCard, list[str]]:
    """Logged in with the second answer of a card; the third is asked for next."""
    card, answers = factories.make_card(user)
    inside = Inside.__new__(Inside)
    inside.user, inside.client, inside.digits = user, Client(), ""
    factories.sign_in(inside.client, user, answers[1], "card_values")
    clock.shift(FIVE)
    return inside, card, answers


def counts(user: User) -> list[int]:
    """Every series of failures of this user, in one order."""
    rows = Failures.objects.exclude(key__startswith="network:").order_by("key")
    return [row.count for row in rows]


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())
