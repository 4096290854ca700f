"""The second step with a Temporary Code: what is forgiven, what is said, what is counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from securelogin.lifecycle import EndReason
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.contract import is_inside, same_for_everybody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
WRONG = "That Temporary Code is not correct. Check it and try again."
HOUR = timedelta(hours=1)


def answer(user: User, typed: str) -> tuple[int, str]:
    """Status and text of the second step, after a right password in a new browser."""
    response = factories.sign_in(Client(), user, typed)
    return response.status_code, response.content.decode()


def wrong(digits: str) -> str:
    """Another code."""
    return "".join(str(9 - int(digit)) for digit in digits)


@pytest.mark.parametrize(
    "spoken",
    ["{0} {1} {2}", "{0}-{1}-{2}", " {0}.{1}.{2}\t", "{0}\u00a0{1}\u2009{2}", "{0}–{1}—{2}\u200b"],
)
def test_it_takes_the_code_as_it_was_written_down(jane: User, spoken: str) -> None:
    _code, digits = factories.make_code(jane)
    status, _page = answer(jane, spoken.format(digits[:3], digits[3:6], digits[6:]))
    assert status == 302


def test_it_takes_full_width_digits(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    assert answer(jane, "".join(chr(0xFF10 + int(digit)) for digit in digits))[0] == 302


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Enter the Temporary Code you were given on the phone"),
        ("   ", "Enter the Temporary Code you were given on the phone"),
        ("12345678x", "A Temporary Code has digits only. Take out everything else."),
        ("½²³", "A Temporary Code has digits only. Take out everything else."),
        ("1234567", "A Temporary Code has 9 digits. You entered 7."),
        ("123 456 789 0", "A Temporary Code has 9 digits. You entered 10."),
    ],
)
def test_a_format_error_is_explained_and_costs_nothing(
    jane: User, typed: str, message: str
) -> None:
    code, digits = factories.make_code(jane)
    client = Client()
    for _ in range(12):
        response = factories.sign_in(client, jane, typed)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count(message) == 2, "in the summary and at the field"
    assert 'autocomplete="one-time-code"' in page
    if typed.strip():
        assert f'value="{typed}"' in page
    assert code.attempts_left == 10
    assert factories.sign_in(client, jane, digits).status_code == 302


def test_attempts_are_counted_aloud_from_the_third_on(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    for left in (9, 8, 7, 6, 5, 4, 3, 2, 1):
        status, page = answer(jane, wrong(digits))
        assert status == 422
        assert WRONG in page
        told = f"You have {left} attempt{'s' if left > 1 else ''} left."
        assert (told in page) is (left <= 7)
        clock.shift(HOUR)
    status, page = answer(jane, wrong(digits))
    assert (status, WRONG in page) == (429, False)
    assert "Your login is locked" in page


def test_too_quick_an_answer_is_not_looked_at(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    answer(jane, wrong(digits))
    for typed in (digits, wrong(digits)):
        status, page = answer(jane, typed)
        assert status == 422
        assert "Too many attempts. Wait 1 second, then try again." in page
    clock.shift(SECOND)
    assert answer(jane, digits)[0] == 302


def test_a_lock_says_until_when_and_not_whether_the_code_was_right(
    jane: User, clock: Clock
) -> None:
    _code, digits = factories.make_code(jane)
    for _ in range(10):
        answer(jane, wrong(digits))
        clock.shift(HOUR)
    right, other = Client(), Client()
    pages = [factories.sign_in(right, jane, digits), factories.sign_in(other, jane, wrong(digits))]
    assert [page.status_code for page in pages] == [429, 429]
    assert same_for_everybody(pages[0].content) == same_for_everybody(pages[1].content)
    assert "25 October 2025, 23:05 (Zurich time)" in pages[0].content.decode()
    assert not is_inside(right)
    assert jane.notices.filter(kind="login_locked").count() == 1


def test_an_old_code_is_recognised_only_when_it_is_right(jane: User, clock: Clock) -> None:
    _old, digits = factories.make_code(jane)
    new, newest = factories.make_code(jane)
    status, page = answer(jane, digits)
    assert (status, "A newer Temporary Code was issued. Use the newest one." in page) == (422, True)
    assert new.attempts_left == 9
    clock.shift(HOUR)
    guessed = next(c for c in ("482719036", "482719037") if c not in {digits, newest})
    status, page = answer(jane, guessed)
    assert (status, WRONG in page, "newer" in page) == (422, True, False)
    clock.shift(HOUR)
    assert answer(jane, newest)[0] == 302


def test_an_old_code_is_forgotten_when_its_own_life_is_over(jane: User, clock: Clock) -> None:
    _old, digits = factories.make_code(jane)
    clock.shift(timedelta(days=2))
    factories.make_code(jane)
    clock.move_to(AUTUMN + timedelta(days=12))
    assert WRONG in answer(jane, digits)[1]


def test_after_its_end_a_page_says_since_when_and_whom_to_call(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    clock.shift(timedelta(days=12))
    status, page = answer(jane, digits)
    assert status == 200
    assert "Your Temporary Code has ended" in page
    assert "5 November 2025, 13:05" in page
    assert "+00 000 000 000" in page
    assert '<input type="text"' not in page


def test_a_client_without_a_device_in_force_is_told_to_call(jane: User) -> None:
    code, digits = factories.make_code(jane)
    code.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    status, page = answer(jane, digits)
    assert (status, "Call Client Services" in page) == (200, True)


def test_another_clients_code_is_just_wrong(jane: User, mallory: User) -> None:
    factories.make_code(jane)
    _hers, digits = factories.make_code(mallory)
    assert WRONG in answer(jane, digits)[1]
