"""The requests that change something, each with everything ready for it to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.new_addresses import NewAddress
from securelogin.conf import policy
from securelogin.models import Failures, factor_key
from securelogin.security_card.models import SecurityCard, Turn
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.security.cast import CARD, LIST

CONTACT = "/settings/user/contact/"


@dataclass(frozen=True, slots=True)
class Step:
    """One request that changes something, ready to be sent."""

    client: Client
    path: str
    data: dict[str, str]

    def send(self) -> Any:
        """Send it."""
        return self.client.post(self.path, self.data)


def _pending(user: User) -> Client:
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def sign_in_with_code(user: User, agent: User) -> Step:
    """The second step with a Temporary Code, for the first time."""
    _row, digits = factories.make_code(user)
    return Step(_pending(user), "/login/verify/", {"temporary_code": digits})


def sign_in_with_card(user: User, agent: User) -> Step:
    """The second step with a card, after a wrong answer."""
    _row, answers = factories.make_card(user)
    Failures.objects.record(factor_key(user.pk), policy().factor_limit)
    return Step(_pending(user), "/login/verify/", {"card_values": answers[1]})


def wrong_answer(user: User, agent: User) -> Step:
    """The second step with a wrong answer, the one that locks."""
    _row, answers = factories.make_card(user)
    Failures.objects.record(factor_key(user.pk), policy().factor_limit)
    Failures.objects.update(count=9)
    wrong = f"{(int(answers[1]) + 1) % 10**6:06}"
    return Step(_pending(user), "/login/verify/", {"card_values": wrong})


def request_card(user: User, agent: User) -> Step:
    """A second card is requested from another session, at the end of a wait in line; the first
    card waits for its activation."""
    client = factories.client_with_code(user)
    factories.make_card(user, active=False, code=user.temporarycodes.get())
    Turn.objects.wait(user, timezone.now())
    return Step(client, CARD, {})


def _waiting(user: User) -> tuple[Client, SecurityCard, str]:
    client = factories.client_with_code(user)
    client.post(CARD)
    row = user.securitycards.get()
    return client, row, f"{CARD}{row.public_id}/"


def activate(user: User, agent: User) -> Step:
    """The right Card Values."""
    client, row, path = _waiting(user)
    answer = factories.answers_of(client, row)[0]
    return Step(client, f"{path}activate/", {"card_values": answer})


def last_wrong_activation(user: User, agent: User) -> Step:
    """The fifth wrong Card Values, which cancel the card."""
    client, row, path = _waiting(user)
    SecurityCard.objects.update(activation_failures=4)
    wrong = f"{(int(factories.answers_of(client, row)[0]) + 1) % 10**6:06}"
    return Step(client, f"{path}activate/", {"card_values": wrong})


def discard(user: User, agent: User) -> Step:
    """The waiting card is given up."""
    client, _row, path = _waiting(user)
    return Step(client, f"{path}discard/", {})


def cancel(user: User, agent: User) -> Step:
    """The client cancels the very card that opened the session."""
    row, answers = factories.make_card(user)
    factories.sign_in(client := Client(), user, answers[1], "card_values")
    return Step(client, f"{LIST}cancel/security-card/{row.pk}/", {})


def ask_for_a_new_address(user: User, agent: User) -> Step:
    """Another e-mail address, and another phone number with it."""
    data = {"email": "jane@new.example", "notify_email": "", "phone": "+41 44 555 01 01"}
    return Step(factories.client_with_code(user), CONTACT, data)


def confirm_a_new_address(user: User, agent: User) -> Step:
    """The number from the new mailbox is entered."""
    client = factories.client_with_code(user)
    ((_row, number),) = NewAddress.objects.ask(user, {"email": "jane@new.example"})
    return Step(client, f"{CONTACT}email/", {"number": number})


def add_app(user: User, agent: User) -> Step:
    """The first code of an authenticator app, which ends the code that opened the session."""
    client = factories.client_with_code(user)
    phone = apps.scan(client)
    return Step(client, apps.SCAN, phone.form(phone.code(1)))


def add_first_app(user: User, agent: User) -> Step:
    """The same between the password and the second step: it logs in."""
    client = _pending(user)
    phone = apps.scan(client)
    return Step(client, apps.SCAN, phone.form(phone.code(1)))


def sign_in_with_app(user: User, agent: User) -> Step:
    """The second step with an authenticator app."""
    app = apps.make_app(user)
    return Step(_pending(user), "/login/verify/", {"app_code": apps.code(app, 1)})


STEPS = [
    sign_in_with_code,
    sign_in_with_card,
    sign_in_with_app,
    add_app,
    add_first_app,
    wrong_answer,
    request_card,
    activate,
    last_wrong_activation,
    discard,
    cancel,
    ask_for_a_new_address,
    confirm_a_new_address,
]
