"""How long an answer takes tells nothing: whatever is wrong, the portal does the same work.

Times are measured by `make bench`; here the work is counted, so a busy machine changes nothing.
That asking for a new password tells nothing either is in tests/accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from django.test import Client

from accounts.models import User
from securelogin.models import Failures
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.accounts.inside import Inside, wrong
from tests.securelogin.clock import SECOND, Clock, clock
from tests.security.cast import CARD
from tests.work import Work, work_of

__all__ = ["clock"]
pytestmark = pytest.mark.django_db
# Nobody tries a second time from the same place.
NETWORKS: Iterator[str] = (f"198.51.{number}.7" for number in count())
HALVES = {"first": (0, 3), "second": (3, 6), "both": (0, 6)}


def other(digits: str, start: int, end: int) -> str:
    """The digits with wrong ones from ``start`` to ``end``."""
    return digits[:start] + wrong(digits[start:end]) + digits[end:]


def password_step(username: str, password: str) -> Work:
    """What a password costs."""
    fields = {"username": username, "password": password}
    client, place = Client(), next(NETWORKS)
    return work_of(lambda: client.post("/login/", fields, REMOTE_ADDR=place))


def holder(name: str) -> tuple[Client, SecurityCard, list[str]]:
    """A client with a card, after the password."""
    user = factories.make_user(name)
    card, answers = factories.make_card(user)
    client = Client()
    client.post("/login/", {"username": name, "password": factories.PASSWORD})
    return client, card, answers


def second_step(client: Client, answer: str, status: int) -> Work:
    """What an answer costs that gets this status."""
    statuses = []

    def send() -> None:
        statuses.append(client.post("/login/verify/", {"card_values": answer}).status_code)

    work = work_of(send)
    assert statuses == [status]
    return work


def same(works: list[Work]) -> Work:
    """All of them, when they are the same."""
    for work in works[1:]:
        assert work == works[0]
    return works[0]


def test_an_unknown_user_costs_what_a_known_one_costs(jane: User, mallory: User) -> None:
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    names = ("jane.sample", "nobody.atall", "mallory.muster")
    work = same([password_step(name, "not-the-password") for name in names])
    assert (work.hashes, work.passwords) == (0, 1)


def test_a_wrong_half_of_an_answer_costs_what_the_other_half_costs() -> None:
    works = []
    for name, (start, end) in HALVES.items():
        client, _card, answers = holder(name)
        works.append(second_step(client, other(answers[1], start, end), 422))
    work = same(works)
    assert (work.hashes, work.passwords) == (1, 0)


@pytest.mark.parametrize("locked", [True, False])
def test_a_right_answer_costs_what_a_wrong_one_costs_when_neither_is_looked_at(
    clock: Clock, *, locked: bool
) -> None:
    works = []
    for name, start in {"right": 6, "wrong": 0}.items():
        client, _card, answers = holder(name)
        second_step(client, wrong(answers[1]), 422)
        if locked:
            Failures.objects.filter(key__startswith="factor:").update(count=10, total=10)
        # The first try of a lock is recorded, whichever it is.
        status = 429 if locked else 422
        tries = [second_step(client, other(answers[1], start, 6), status) for _ in range(2)]
        works.append(tries)
        clock.shift(SECOND)
    for of_one_try in zip(*works, strict=True):
        assert same(list(of_one_try)).hashes == 0


def test_a_wrong_half_of_an_activation_costs_what_the_other_half_costs() -> None:
    works = []
    for name, (start, end) in HALVES.items():
        client = factories.client_with_code(user := factories.make_user(name))
        path = client.post(CARD)["Location"]
        right = factories.answers_of(client, user.securitycards.get())[0]
        fields = {"card_values": other(right, start, end)}
        works.append(work_of(_poster(client, f"{path}activate/", fields)))
    assert same(works).hashes == 1


def test_a_wrong_group_of_a_code_costs_what_another_one_costs() -> None:
    works = []
    for start in (0, 3, 6):
        user = factories.make_user(f"client{start}")
        _code, digits = factories.make_code(user)
        client = Client()
        client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
        fields = {"temporary_code": other(digits, start, start + 3)}
        works.append(work_of(_poster(client, "/login/verify/", fields)))
    assert same(works).hashes == 1


@pytest.mark.parametrize("replaced", [0, 1])
def test_a_wrong_password_costs_what_a_wrong_answer_costs_in_a_proof(
    clock: Clock, replaced: int
) -> None:
    works = []
    for number, (password, wrong_too) in enumerate(
        [("not-the-password", False), (factories.PASSWORD, True), ("not-the-password", True)]
    ):
        user = factories.make_user(f"client{number}")
        for _ in range(replaced):
            # An older code, which is recognised after another slow hash.
            factories.make_code(user)
        inside = Inside(user, clock)
        answer = wrong(inside.digits) if wrong_too else inside.digits
        works.append(work_of(_confirmer(inside, password, answer)))
    work = same(works)
    assert (work.hashes, work.passwords) == (1 + replaced, 1)


def _poster(client: Client, path: str, fields: dict[str, str]) -> Callable[[], None]:
    def send() -> None:
        assert client.post(path, fields).status_code == 422

    return send


def _confirmer(inside: Inside, password: str, answer: str) -> Callable[[], None]:
    def send() -> None:
        assert inside.confirm(password, temporary_code=answer).status_code == 422

    return send
