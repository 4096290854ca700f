"""The people of the hour, made through the product's own methods, and what each was told.

Cards of clients who only log in are made beforehand with cheap hashes; then the answers that
will be asked get hashes of the real cost, so that a login costs what it costs in service.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.test import override_settings

from accounts.models import User
from securelogin import keys
from securelogin.security_card import challenge
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.authenticator_app.apps import key_text, make_app

_RECORD = keys.SALT_BYTES + keys.DIGEST_BYTES
_INDEX = re.compile(r'class="pair-index">(\d+)<')


@dataclass(slots=True)
class Person:
    """A client or an agent.

    Attributes:
        pk: of the user.
        username: of the user.
        network: an address of an own network, as the proxy in front reports it.
        values: of the card, index 1 first; empty while there is none.
        code: the Temporary Code that was read out.
        app_key: of an agent's authenticator app.
        told: how often the client was told that something is done.
        unheard: what was sent and never answered, so that it may be done or not.
        pairs: index numbers that opened a session or activated the card.
        before: how often each step was done while the person was made.
        guesses: wrong answers after which no right one came.
        card: the public id of the card that they were told is active.
    """

    pk: int
    username: str
    network: str
    values: list[str] = field(default_factory=list, repr=False)
    code: str = field(default="", repr=False)
    app_key: str = field(default="", repr=False)
    told: Counter[str] = field(default_factory=Counter)
    unheard: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    guesses: int = 0
    card: str = ""
    has_code: threading.Event = field(default_factory=threading.Event, repr=False)

    def answer(self, page: str) -> tuple[str, tuple[int, int]]:
        """The six digits that a page asks for, and its two index numbers."""
        first, second = map(int, _INDEX.findall(page)[:2])
        return self.values[first - 1] + self.values[second - 1], (first, second)


def agents(count: int) -> list[Person]:
    """People at the desk, each with an authenticator app."""
    made = []
    for number in range(count):
        user = factories.make_staff(f"agent.{number}", first_name="Ada", last_name="Agent")
        person = _person(user, 1, number)
        person.app_key = key_text(make_app(user))
        made.append(person)
    return made


def callers(count: int) -> list[Person]:
    """Clients without a device: the outage took it."""
    return [_person(_client("caller", number), 2, number) for number in range(count)]


def holders(count: int, logins: int) -> list[Person]:
    """Clients with an active card.

    Args:
        count: how many.
        logins: for how many logins of each the answers get hashes of the real cost.
    """
    return [_with_card(_client("holder", number), number, logins) for number in range(count)]


def _client(kind: str, number: int) -> User:
    return factories.make_user(f"{kind}.{number}", first_name="Jane", last_name="Sample")


def _person(user: User, group: int, number: int) -> Person:
    # An own /24 each: the crowd behind one address is another matter.
    return Person(user.pk, user.username, f"10.{group * 32 + number // 256}.{number % 256}.7")


def _with_card(user: User, number: int, logins: int) -> Person:
    with override_settings(ANSWER_HASH_COST=(8, 1, 1)):
        row, answers = factories.make_card(user)
    cost = keys.cost_in_use()
    key_id, key = keys.current(settings.ANSWER_KEYS)
    records = bytearray(SecurityCard.objects.defer(None).get(pk=row.pk).answers)
    for at in range(1, min(logins + 1, challenge.PAIRS)):
        start = at * _RECORD
        salt = bytes(records[start : start + keys.SALT_BYTES])
        records[start : start + _RECORD] = salt + keys.digest(answers[at], salt, key, cost)
    SecurityCard.objects.filter(pk=row.pk).update(
        answers=bytes(records), hash_cost=cost, key_id=key_id
    )
    person = _person(user, 4, number)
    person.values = _values(bytes(row.order), answers)
    person.before.update(("code", "card", "active"))
    return person


def _values(order: bytes, answers: list[str]) -> list[str]:
    """What stands on the card, index 1 first."""
    of_index = {}
    for at, answer in enumerate(answers):
        of_index[order[2 * at]], of_index[order[2 * at + 1]] = answer[:3], answer[3:]
    return [of_index[index] for index in sorted(of_index)]
