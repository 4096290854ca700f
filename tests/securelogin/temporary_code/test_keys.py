"""Keys of codes: a rotated key still verifies, a removed one never does, and neither is a hole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
OLD, NEW = ("old", b"O" * 32), ("new", b"N" * 32)


def test_a_code_of_an_older_key_still_opens(settings: Settings, jane: User) -> None:
    settings.ANSWER_KEYS = (OLD,)
    code, digits = factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW, OLD)
    assert code.key_id == "old"
    assert code.verify_token(digits)


def test_a_new_code_is_made_with_the_first_key(settings: Settings, jane: User) -> None:
    settings.ANSWER_KEYS = (NEW, OLD)
    code, digits = factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW,)
    assert code.key_id == "new"
    assert code.verify_token(digits)


def test_the_same_id_with_another_key_does_not_open(settings: Settings, jane: User) -> None:
    settings.ANSWER_KEYS = (("k", OLD[1]),)
    code, digits = factories.make_code(jane)
    settings.ANSWER_KEYS = (("k", NEW[1]),)
    assert not code.verify_token(digits)


def test_a_code_of_a_removed_key_says_to_call_and_counts_nothing(
    settings: Settings, jane: User
) -> None:
    settings.ANSWER_KEYS = (OLD,)
    code, digits = factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW,)
    response = factories.sign_in(Client(), jane, digits)
    assert response.status_code == 422
    words = "This Temporary Code can no longer be checked. Call Client Services."
    assert words in response.content.decode()
    assert code.attempts_left == 10


def test_guesses_count_although_the_key_of_a_replaced_code_is_gone(
    settings: Settings, jane: User, clock: Clock
) -> None:
    settings.ANSWER_KEYS = (OLD,)
    _older, first = factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW,)
    code, digits = factories.make_code(jane)
    for _ in range(3):
        assert not code.verify_token("".join(str(9 - int(digit)) for digit in digits))
        assert code.verdict is Verdict.WRONG
        clock.shift(timedelta(hours=1))
    assert code.attempts_left == 7
    assert not code.verify_token(first)
    clock.shift(timedelta(hours=1))
    assert code.verify_token(digits)


def test_each_code_has_a_salt_of_its_own(jane: User) -> None:
    rows = [factories.make_code(jane)[0] for _ in range(5)]
    assert len({bytes(row.salt) for row in rows}) == 5
    assert all(len(bytes(row.salt)) == 16 and len(bytes(row.digest)) == 32 for row in rows)
