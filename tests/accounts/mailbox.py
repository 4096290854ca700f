"""The numbers that arrive in clients' mailboxes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from accounts import password_reset

SUBJECT = "Your number for a new password"
FOR_ADDRESS = "Your number for this email address"


class Postman:
    """Stands in for the threads that send numbers: at once, and it counts."""

    def __init__(self) -> None:
        self.errands = 0

    def submit(self, send: Callable[..., None], *args: Any) -> None:
        """Send it now."""
        self.errands += 1
        send(*args)


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Postman:
    """Numbers arrive before the request has an answer."""
    prompt = Postman()
    monkeypatch.setattr(password_reset, "_postman", prompt)
    return prompt


def number_for(address: str, subject: str = SUBJECT) -> str:
    """The digits of the latest number that came to this address."""
    came = [m for m in mail.outbox if m.subject == subject and m.to == [address]]
    found = re.search(r"\n +(\d{3} \d{3})\n", str(came[-1].body))
    assert found
    return found[1].replace(" ", "")


def wrong(digits: str) -> str:
    """As many other digits."""
    return "".join(str(9 - int(digit)) for digit in digits)
