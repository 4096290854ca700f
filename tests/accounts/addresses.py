"""Asking for another e-mail address in a browser, and entering the number that was sent there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import Client

from accounts.models import User
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests.accounts.mailbox import FOR_ADDRESS, number_for

CONTACT = "/settings/user/contact/"
NUMBER = f"{CONTACT}email/"
OLD, NEW, NEWER = "jane.sample@mail.example", "jane@new.example", "jane@newer.example"
TEN = timedelta(minutes=10)
WRONG_OR_LATE = "That number is not correct, or it is too old."


def ask(client: Client, email: str = NEW, **fields: str) -> str:
    """Save another address; returns where the page leads."""
    known = {"email": email, "notify_email": "", "phone": "", **fields}
    response = client.post(CONTACT, known)
    assert response.status_code == 302, response.content
    return str(response["Location"])


def enter(client: Client, number: str, page: str = NUMBER) -> Any:
    """Enter a number."""
    return client.post(page, {"number": number})


def sent_to(address: str = NEW) -> str:
    """The number that came there last."""
    return number_for(address, FOR_ADDRESS)


def numbers_sent() -> int:
    """How many, to whatever address."""
    return sum(message.subject == FOR_ADDRESS for message in mail.outbox)


def in_force() -> tuple[str, str]:
    """Both addresses on file."""
    user = User.objects.get(username="jane.sample")
    return user.email, user.notify_email


def text(client: Client, url: str) -> str:
    """A page."""
    return " ".join(client.get(url).content.decode().split())


def events(kind: Event) -> list[dict[str, Any]]:
    """The facts of each event of a kind."""
    return [event.detail for event in SecurityEvent.objects.filter(kind=kind).order_by("pk")]
