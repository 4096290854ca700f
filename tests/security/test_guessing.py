"""Guessing at the second step: counted for the client, and telling nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.models import Failures
from tests import factories
from tests.securelogin.clock import clock

__all__ = ["clock"]


@contextmanager
def later(**by: float) -> Iterator[None]:
    """The clock, that much later, and stopped there."""
    with time_machine.travel(timezone.now() + timedelta(**by), tick=False):
        yield


@pytest.mark.django_db
def test_ten_wrong_answers_lock_whatever_is_tried_between(jane: User) -> None:
    digits = ""
    for number in range(10):
        if number in {0, 3, 6}:  # a new code, a new browser, the other device
            _row, digits = factories.make_code(jane)
        with later(hours=number):
            client = Client()
            client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
            wrong = f"{(int(digits) + 1) % 10**9:09}"
            assert client.post("/login/verify/", {"temporary_code": wrong}).status_code in {
                422,
                429,
            }
    with later(hours=32, minutes=59):
        locked = factories.sign_in(Client(), jane, digits)
        assert locked.status_code == 429
        wrong_too = factories.sign_in(Client(), jane, wrong)
        assert _body(wrong_too) == _body(locked)
        _row, fresh = factories.make_code(jane)
        assert factories.sign_in(Client(), jane, fresh).status_code == 429
    with later(hours=33, minutes=1):
        assert factories.sign_in(Client(), jane, fresh)["Location"] == "/home/"


@pytest.mark.django_db
def test_either_half_wrong_gets_the_same_answer(jane: User) -> None:
    _card, answers = factories.make_card(jane)
    right = answers[1]
    first = f"{(int(right[:3]) + 1) % 1000:03}{right[3:]}"
    second = f"{right[:3]}{(int(right[3:]) + 1) % 1000:03}"
    both = f"{first[:3]}{second[3:]}"
    seen = []
    for wrong in (first, second, both):
        Failures.objects.all().delete()
        type(_card).objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        response = factories.sign_in(Client(), jane, wrong, "card_values")
        assert response.status_code == 422
        seen.append(_body(response).replace(wrong, "......"))
    assert seen[0] == seen[1] == seen[2]


def _body(response: Any) -> str:
    page = response.content.decode()
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]*"', "", page)


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_a_waiting_device_does_not_look_at_the_answer(jane: User) -> None:
    _card, answers = factories.make_card(jane)
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    for _ in range(3):
        with later(minutes=1):
            client.post("/login/verify/", {"card_values": "000000"})
    with later(minutes=1):
        page = client.post("/login/verify/", {"card_values": answers[1]})
        assert page.status_code == 422
        assert "Too many attempts. Wait" in page.content.decode()
    with later(minutes=2):
        assert client.post("/login/verify/", {"card_values": answers[1]}).status_code == 302
