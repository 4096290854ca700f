"""Answers given at the same moment: a pair serves once, and every failure is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import django_otp
import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from securelogin.models import Failures
from securelogin.policy import Policy
from securelogin.security_card.models import Activation, SecurityCard
from tests import factories
from tests.races import THREADS
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
LIMIT = Policy().factor_limit


def test_of_many_right_answers_one_signs_in(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane)
    clients = [Client() for _ in range(THREADS)]
    for client in clients:
        client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})

    def act(number: int) -> int:
        response = clients[number].post("/login/verify/", {"card_values": answers[1]})
        return int(response.status_code)

    statuses = Counter(at_once(act))
    assert statuses[302] == 1
    assert set(statuses) <= {302, 422, 429}
    assert sum(is_inside(client) for client in clients) == 1
    card.refresh_from_db()
    assert card.answered == 2


def test_of_many_right_answers_to_the_device_itself_one_is_accepted(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane)

    def act(_number: int) -> bool:
        # Without the row lock that the portal's own view takes.
        return bool(SecurityCard.objects.get(pk=card.pk).verify_token(answers[1]))

    assert at_once(act).count(True) == 1
    card.refresh_from_db()
    assert card.answered == 2


def test_of_many_activations_one_activates(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane, active=False)
    outcomes = Counter(
        at_once(lambda _n: SecurityCard.objects.get(pk=card.pk).activate(answers[0]))
    )
    assert outcomes == {Activation.DONE: 1, Activation.ALREADY: THREADS - 1}
    card.refresh_from_db()
    assert card.answered == 1
    assert jane.notices.filter(kind="card_activated").count() == 1


def test_right_and_wrong_activations_leave_one_clear_state(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane, active=False)
    typed = [answers[0], answers[5]]
    row = SecurityCard.objects.get(pk=card.pk)
    outcomes = Counter(
        at_once(lambda n: SecurityCard.objects.get(pk=row.pk).activate(typed[n % 2]))
    )
    card.refresh_from_db()
    if outcomes[Activation.DONE]:
        assert card.activated_at is not None
        assert card.ended_at is None
        assert outcomes[Activation.CANCELLED] == 0
    else:
        assert card.end_reason == "wrong_digits"
        assert outcomes[Activation.CANCELLED] == 1
    assert card.activation_failures <= 5


def test_of_many_wrong_activations_five_are_counted(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane, active=False)
    wrong = "".join(str(9 - int(digit)) for digit in answers[0])
    outcomes = Counter(at_once(lambda _n: SecurityCard.objects.get(pk=card.pk).activate(wrong)))
    over = THREADS - Policy().activation_attempts
    assert outcomes == {Activation.WRONG: 4, Activation.CANCELLED: 1, Activation.OVER: over}
    card.refresh_from_db()
    assert (card.activation_failures, card.end_reason) == (5, "wrong_digits")
    assert jane.notices.filter(kind="card_cancelled_wrong").count() == 1


def test_a_single_use_code_serves_once(at_once: AtOnce, settings: Settings) -> None:
    settings.SECURELOGIN = {"code_single_use": True}
    jane = factories.make_user("jane.sample")
    code, digits = factories.make_code(jane)

    def act(_number: int) -> bool:
        with transaction.atomic():
            return django_otp.verify_token(jane, code.persistent_id, digits) is not None

    assert at_once(act).count(True) == 1


def test_parallel_failures_are_all_counted(at_once: AtOnce) -> None:
    at_once(lambda _n: Failures.objects.record("factor:1", LIMIT))
    assert Failures.objects.get().count == THREADS


def test_no_more_wrong_answers_are_looked_at_than_the_limit(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    code, digits = factories.make_code(jane)
    wrong = "".join(str(9 - int(digit)) for digit in digits)

    def act(_number: int) -> None:
        with transaction.atomic():
            django_otp.verify_token(jane, code.persistent_id, wrong)

    # One is compared; the others meet the wait that it began, and are refused unseen. It is a
    # second long: a busy machine would sit it out.
    with time_machine.travel(timezone.now(), tick=False):
        at_once(act)
    assert Failures.objects.get().count == 1


def test_a_failure_meets_a_success_without_an_error(at_once: AtOnce) -> None:
    def act(number: int) -> None:
        for _ in range(20):
            if number % 2:
                Failures.objects.filter(key="factor:1").delete()
            else:
                Failures.objects.record("factor:1", LIMIT)

    at_once(act, 12)
