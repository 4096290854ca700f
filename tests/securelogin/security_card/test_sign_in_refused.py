"""Wrong answers to a card: one neutral page, the same work, and the lock across devices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from securelogin import keys
from securelogin.models import Failures
from securelogin.security_card.models import SecurityCard
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.contract import same_for_everybody
from tests.securelogin.security_card.browser import wrong

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
DAY = timedelta(hours=24)


@pytest.fixture
def card(jane: User) -> tuple[SecurityCard, list[str]]:
    """Jane's active card and its answers."""
    return factories.make_card(jane)


def half_wrong(answer: str) -> dict[str, str]:
    """Answers with a wrong first value, a wrong second one, and both."""
    other = wrong(answer)
    return {"first": other[:3] + answer[3:], "second": answer[:3] + other[3:], "both": other}


def enter(user: User, typed: str, **more: str) -> Any:
    """Both steps in a new browser; the answer to the second."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client.post("/login/verify/", {"card_values": typed, **more})


def fail_ten_times(device: Any, clock: Clock) -> None:
    """Ten wrong answers, an hour apart."""
    for _ in range(10):
        clock.shift(timedelta(hours=1))
        assert not device.verify_token("000000")


def test_an_answer_of_another_challenge_is_wrong(
    card: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    row, answers = card
    for other in (answers[0], answers[2], answers[111]):
        clock.shift(timedelta(hours=1))
        assert not row.verify_token(other)
        assert row.verdict is Verdict.WRONG


def test_another_clients_card_does_not_open(
    jane: User, mallory: User, card: tuple[SecurityCard, list[str]]
) -> None:
    _hers, answers = factories.make_card(mallory)
    assert enter(jane, answers[1]).status_code == 422


def test_wrong_first_wrong_second_and_both_get_one_answer_and_the_same_work(
    jane: User,
    mallory: User,
    card: tuple[SecurityCard, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:
    row, answers = card
    hashed: list[str] = []
    real = keys.digest

    def counting(answer: str, *rest: Any) -> bytes:
        hashed.append(answer)
        return real(answer, *rest)

    monkeypatch.setattr(keys, "digest", counting)
    seen, work = set(), []
    for typed in half_wrong(answers[1]).values():
        hashed.clear()
        response = enter(jane, typed)
        assert response.status_code == 422
        seen.add(same_for_everybody(response.content))
        work.append(len(hashed))
        clock.shift(DAY)
        type(row).objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        Failures.objects.all().delete()
    assert len(seen) == 1
    assert work == [1, 1, 1]


def test_the_lock_holds_for_every_device_and_a_new_code_does_not_lift_it(
    jane: User, card: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    row, answers = card
    fail_ten_times(row, clock)
    until = AUTUMN + timedelta(hours=10) + DAY
    assert row.locked_until == until
    code, digits = factories.make_code(jane)
    assert code.locked_until == until
    assert not code.verify_token(digits)
    assert code.verdict is Verdict.LOCKED
    assert enter(jane, answers[1]).status_code == 429
    clock.move_to(until - SECOND)
    assert enter(jane, answers[1]).status_code == 429
    clock.shift(SECOND)
    assert enter(jane, answers[1]).status_code == 302


def test_failures_with_a_code_and_with_a_card_are_one_series(jane: User, clock: Clock) -> None:
    code, digits = factories.make_code(jane)
    for _ in range(6):
        clock.shift(timedelta(hours=1))
        code.verify_token(wrong(digits))
    card, answers = factories.make_card(jane, code=code)
    for _ in range(3):
        clock.shift(timedelta(hours=1))
        assert card.locked_until is None
        card.verify_token(wrong(answers[1]))
    clock.shift(timedelta(hours=1))
    card.verify_token(wrong(answers[1]))
    assert card.verdict is Verdict.LOCKED
