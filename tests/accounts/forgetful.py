"""Somebody who forgot the password, on the way to a new one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests import factories
from tests.accounts.mailbox import number_for

START = "/login/forgotten/"
NUMBER, DEVICE, PASSWORD = (f"{START}{page}/" for page in ("number", "device", "password"))
NEW = "four unrelated teapots"


class Forgetful:
    """A client with a card who forgot the password, and a browser."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.card, self.answers = factories.make_card(user)
        self.client = Client()

    def ask(self) -> str:
        """Ask for a number; returns it."""
        response = self.client.post(START, {"username": self.user.username})
        assert (response.status_code, response["Location"]) == (302, NUMBER)
        return number_for(self.user.email)

    def to_device(self) -> None:
        """Until the device is asked."""
        response = self.client.post(NUMBER, {"number": self.ask()})
        assert (response.status_code, response["Location"]) == (302, DEVICE)

    def to_password(self) -> None:
        """Until the new password is asked for."""
        self.to_device()
        response = self.prove()
        assert (response.status_code, response["Location"]) == (302, PASSWORD)

    def prove(self, answer: str | None = None) -> Any:
        """Send the card's next answer, or another."""
        self.card.refresh_from_db()
        right = self.answers[self.card.answered]
        return self.client.post(DEVICE, {"card_values": answer or right})

    def set(self, password: str = NEW) -> Any:
        """Send the new password."""
        return self.client.post(PASSWORD, {"password": password})

    def changed(self) -> bool:
        """Whether the old password is gone."""
        return not User.objects.get(pk=self.user.pk).check_password(factories.PASSWORD)


@pytest.fixture
def jane_forgot(jane: User) -> Forgetful:
    """Jane did."""
    return Forgetful(jane)


def stage_of(client: Client) -> str:
    """Where the pages send this browser: the page that it may be on."""
    page = START
    for url in (NUMBER, DEVICE, PASSWORD):
        response = client.get(url)
        page = url if response.status_code == 200 else response["Location"]
        if response.status_code == 200 and "Start again</h1>" in response.content.decode():
            return "over"
    return page
