"""A client in front of a card: the browser, the row, and the digits on the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories

LIST = "/settings/user/secure-login/"
REQUEST = f"{LIST}card/"


def wrong(answer: str) -> str:
    """Six other digits: both values are wrong."""
    return "".join(str(9 - int(digit)) for digit in answer)


@dataclass
class Holder:
    """Somebody who requested a card in this browser."""

    user: User
    client: Client
    card: SecurityCard
    answers: list[str]
    # Of the Temporary Code that the browser was logged in with, if it was.
    digits: str = ""

    def url(self, part: str, file: str = "") -> str:
        """The address of a page of the card, or of one of its files."""
        return f"{REQUEST}{self.card.public_id}/" + (f"{part}/" if part else file)

    def activate(self, typed: str) -> Any:
        """Enter Card Values on the activation page."""
        return self.client.post(self.url("activate"), {"card_values": typed})

    def reload(self) -> SecurityCard:
        """The row as it is now."""
        self.card.refresh_from_db()
        return self.card

    def another_browser(self) -> Client:
        """A second browser, logged in with the same Temporary Code."""
        client = Client()
        assert factories.sign_in(client, self.user, self.digits).status_code == 302
        return client


def holder_of(user: User, client: Client | None = None) -> Holder:
    """A client who has just requested a card."""
    digits = ""
    if client is None:
        _code, digits = factories.make_code(user)
        client = Client()
        factories.sign_in(client, user, digits)
    response = client.post(REQUEST)
    assert response.status_code == 302
    card = SecurityCard.objects.of(user).latest("pk")
    return Holder(user, client, card, factories.answers_of(client, card), digits)
