"""After a login the home page says how many attempts failed since the login before (OWASP)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.own_sessions import _HEARD_OF, _heard_of
from securelogin.pending import STARTED_AT_KEY
from tests import factories
from tests.securelogin.clock import SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
BEFORE = "24 October 2025, 14:05"


class Thief:
    """Somebody at another place who tries passwords and answers of a client."""

    def __init__(self, user: User, clock: Clock) -> None:
        self.user, self.clock = user, clock

    def types_passwords(self, times: int) -> None:
        """Wrong ones."""
        for _ in range(times):
            self.clock.shift(timedelta(minutes=10))
            Client().post("/login/", {"username": self.user.username, "password": "wrong-one-1"})

    def types_answers(self, times: int, answer: str = "000000000") -> None:
        """After the right password."""
        for _ in range(times):
            self.clock.shift(timedelta(minutes=10))
            factories.sign_in(Client(), self.user, answer)


@pytest.fixture
def digits(jane: User) -> str:
    """Of Jane's Temporary Code."""
    return factories.make_code(jane)[1]


@pytest.fixture
def thief(jane: User, clock: Clock) -> Thief:
    """Of Jane's login."""
    return Thief(jane, clock)


def login(user: User, digits: str, clock: Clock) -> Client:
    """A browser, logged in a second later."""
    clock.shift(SECOND)
    browser = Client()
    assert factories.sign_in(browser, user, digits).status_code == 302
    return browser


def said(browser: Client) -> str:
    """What the home page says of attempts; empty for nothing."""
    page = browser.get("/home/").content.decode()
    plain = unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))
    found = re.search(r"\d+ wrong attempts? to log in [^.]*\.", plain)
    return found[0] if found else ""


def test_it_says_how_many_since_when(jane: User, digits: str, thief: Thief, clock: Clock) -> None:
    clock.shift(-SECOND)
    login(jane, digits, clock)
    thief.types_passwords(2)
    thief.types_answers(1)
    browser = login(jane, digits, clock)
    for _ in range(2):
        assert said(browser) == (
            f"3 wrong attempts to log in since your last login on {BEFORE} (Zurich time)."
        )
    page = browser.get("/home/").content.decode()
    assert 'href="/settings/user/sessions/"' in page
    assert "Not you? Call Client Services." in page


def test_without_any_it_says_nothing(jane: User, digits: str, clock: Clock) -> None:
    assert said(login(jane, digits, clock)) == ""
    assert said(login(jane, digits, clock)) == ""


def test_it_is_said_in_the_session_that_came_next_and_in_no_other(
    jane: User, digits: str, thief: Thief, clock: Clock
) -> None:
    first = login(jane, digits, clock)
    thief.types_passwords(1)
    second = login(jane, digits, clock)
    third = login(jane, digits, clock)
    assert [said(browser)[:1] for browser in (first, second, third)] == ["", "1", ""]


def test_before_the_first_login_it_says_so(
    jane: User, digits: str, thief: Thief, clock: Clock
) -> None:
    thief.types_answers(1)
    assert said(login(jane, digits, clock)) == "1 wrong attempt to log in before your first login."


def test_what_was_tried_on_another_client_is_not_said(
    jane: User, mallory: User, digits: str, clock: Clock
) -> None:
    Thief(mallory, clock).types_passwords(1)
    assert said(login(jane, digits, clock)) == ""


def test_an_answer_in_a_lock_is_not_counted_as_a_wrong_one(
    jane: User, digits: str, thief: Thief, clock: Clock
) -> None:
    thief.types_answers(9)
    thief.types_answers(3)
    clock.shift(timedelta(hours=24))
    assert said(login(jane, digits, clock)).startswith("10 wrong attempts")


def test_what_is_asked_by_one_statement_is_what_the_orm_answers(
    jane: User, digits: str, thief: Thief, clock: Clock
) -> None:
    for attempts in (0, 2):
        thief.types_passwords(attempts)
        browsers = [login(jane, digits, clock) for _ in range(attempts)] or [
            login(jane, digits, clock)
        ]
        for browser in browsers:
            values = {
                "user": jane.pk,
                "opened": datetime.fromisoformat(browser.session[STARTED_AT_KEY]),
                "now": timezone.now(),
                "here": browser.session.session_key,
            }
            assert _HEARD_OF(**values) == list(_heard_of(**values))
    assert {elsewhere for _count, _before, elsewhere in _HEARD_OF(**values)} == {True}
