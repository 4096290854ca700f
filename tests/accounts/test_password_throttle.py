"""Guessing passwords: slowed down for a name and for a network, without telling anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import known_browsers
from accounts.models import User
from securelogin.events import Event
from securelogin.models import Failures, SecurityEvent
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.contract import same_for_everybody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
PAUSED = "Too many attempts. Wait "
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def few(settings: Settings) -> None:
    """A name, or a network, alone pauses after ten failures instead of a hundred."""
    settings.SECURELOGIN = {"password_network_factor": 2}


def enter(username: str, password: str = "wrong", address: str = HOME) -> Any:
    """The answer to a try from an address."""
    client = Client(REMOTE_ADDR=address)
    return client.post("/login/", {"username": username, "password": password})


def is_paused(response: Any) -> bool:
    """Whether the page says to wait."""
    return PAUSED in response.content.decode()


@pytest.mark.parametrize("username", ["jane.sample", "nobody.atall"])
def test_five_wrong_passwords_pause_whether_the_user_exists_or_not(
    jane: User, username: str
) -> None:
    assert [is_paused(enter(username)) for _ in range(7)] == [False] * 5 + [True] * 2


def test_a_pause_does_not_look_at_the_password(jane: User) -> None:
    for _ in range(5):
        enter("jane.sample")
    right, wrong = enter("jane.sample", factories.PASSWORD), enter("jane.sample")
    assert is_paused(right)
    assert same_for_everybody(right.content) == same_for_everybody(wrong.content)


def test_it_ends_15_minutes_after_the_last_failure_to_the_second(jane: User, clock: Clock) -> None:
    for _ in range(5):
        enter("jane.sample")
        clock.shift(timedelta(minutes=1))
    clock.move_to(AUTUMN + timedelta(minutes=19) - SECOND)
    assert is_paused(enter("jane.sample", factories.PASSWORD))
    clock.shift(SECOND)
    assert enter("jane.sample", factories.PASSWORD).status_code == 302


def test_writing_the_name_otherwise_is_no_way_around(jane: User) -> None:
    names = ["jane.sample", "JANE.SAMPLE", " jane.sample", "Jane.Sample ", "jane.SAMPLE"]
    for name in names:
        enter(name)
    assert is_paused(enter("jane.sample", factories.PASSWORD))


def test_somebody_elsewhere_cannot_keep_a_client_out(jane: User) -> None:
    for _ in range(6):
        enter("jane.sample", address=ELSEWHERE)
    assert enter("jane.sample", factories.PASSWORD).status_code == 302


def test_a_header_does_not_move_the_guesser(jane: User) -> None:
    for number in range(6):
        client = Client(REMOTE_ADDR=HOME, headers={"X-Forwarded-For": f"192.0.{number}.1"})
        response = client.post("/login/", {"username": "jane.sample", "password": "wrong"})
    assert is_paused(response)


def test_many_networks_together_pause_a_name(few: None, jane: User) -> None:
    answers = [is_paused(enter("jane.sample", address=f"198.51.{n}.1")) for n in range(11)]
    assert answers == [False] * 10 + [True]
    assert is_paused(enter("jane.sample", factories.PASSWORD))


def test_many_names_together_pause_a_network(few: None, jane: User) -> None:
    answers = [is_paused(enter(f"user{n}.guessed")) for n in range(11)]
    assert answers == [False] * 10 + [True]
    assert is_paused(enter("jane.sample", factories.PASSWORD))
    assert enter("jane.sample", factories.PASSWORD, ELSEWHERE).status_code == 302


def test_a_right_password_ends_the_series_of_the_name(jane: User) -> None:
    for _ in range(3):
        for _ in range(4):
            enter("jane.sample")
        assert enter("jane.sample", factories.PASSWORD).status_code == 302


def test_a_right_password_does_not_end_the_series_of_the_network(few: None, jane: User) -> None:
    # Else somebody with an account of their own could guess on for ever.
    for number in range(10):
        enter(f"user{number}.guessed")
        if number % 4 == 0:
            assert enter("jane.sample", factories.PASSWORD).status_code == 302
    assert is_paused(enter("jane.sample", factories.PASSWORD))


def test_it_is_told_in_the_timeline_once(jane: User) -> None:
    for _ in range(7):
        enter("jane.sample")
    kinds = list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [Event.PASSWORD_REFUSED] * 4 + [Event.PASSWORD_PAUSED]
    assert set(SecurityEvent.objects.values_list("user", flat=True)) == {jane.pk}


def test_what_was_typed_is_not_in_the_table(jane: User) -> None:
    enter("my-secret-passphrase")
    keys = " ".join(Failures.objects.values_list("key", flat=True))
    assert "passphrase" not in keys
    assert max(map(len, keys.split())) <= 90


def test_a_format_error_counts_nothing(jane: User) -> None:
    for _ in range(7):
        enter("jane.sample", "")
        enter("")
    assert not Failures.objects.exists()


def wait_said(response: Any) -> str:
    """How long the page says to wait."""
    page = response.content.decode()
    return str(page.partition("Wait ")[2].partition(", then")[0])


def test_each_further_guess_doubles_the_pause_and_the_page_says_how_long(
    jane: User, clock: Clock
) -> None:
    for _ in range(5):
        enter("jane.sample")
    waits = []
    for minutes in (15, 30, 60, 120, 240):
        waits.append(wait_said(enter("jane.sample")))
        clock.shift(timedelta(minutes=minutes))
        enter("jane.sample")
    assert waits == ["15 minutes", "30 minutes", "60 minutes", "120 minutes", "4 hours"]


def test_a_day_without_a_guess_forgets_them(jane: User, clock: Clock) -> None:
    for _ in range(5):
        enter("jane.sample")
    clock.shift(timedelta(days=1))
    assert [is_paused(enter("jane.sample")) for _ in range(6)] == [False] * 5 + [True]


def test_typing_errors_of_an_office_over_a_day_do_not_pause_it(
    few: None, jane: User, clock: Clock
) -> None:
    for number in range(30):
        assert not is_paused(enter(f"colleague{number}.sample"))
        clock.shift(timedelta(minutes=16))


@pytest.fixture
def at_home(jane: User) -> Client:
    """A browser that jane has logged in with, and out again."""
    browser = Client(REMOTE_ADDR=HOME)
    assert factories.sign_in(browser, jane, factories.make_code(jane)[1]).status_code == 302
    browser.post("/logout/")
    return browser


def test_no_stranger_can_keep_a_client_out_of_a_known_browser(
    few: None, jane: User, at_home: Client
) -> None:
    for number in range(12):
        enter("jane.sample", address=f"198.51.{number}.1")
        enter("jane.sample", address=HOME)
    assert is_paused(enter("jane.sample", factories.PASSWORD))
    known = {"username": "jane.sample", "password": factories.PASSWORD}
    assert at_home.post("/login/", known).status_code == 302


def test_a_known_browser_is_slowed_down_by_its_own_guesses(jane: User, at_home: Client) -> None:
    wrong = {"username": "jane.sample", "password": "wrong"}
    answers = [is_paused(at_home.post("/login/", wrong)) for _ in range(6)]
    assert answers == [False] * 5 + [True]
    # It is known for jane alone.
    assert not is_paused(at_home.post("/login/", {**wrong, "username": "max.muster"}))


@pytest.mark.parametrize("forged", ["", "x", "e30:1:x", "jane.sample", "\u00fc"])
def test_an_invented_cookie_makes_no_browser_known(jane: User, forged: str) -> None:
    for _ in range(5):
        enter("jane.sample")
    stranger = Client(REMOTE_ADDR=HOME)
    stranger.cookies[known_browsers.COOKIE] = forged
    right = {"username": "jane.sample", "password": factories.PASSWORD}
    assert is_paused(stranger.post("/login/", right))


def test_the_cookie_is_set_by_a_completed_login_only_and_names_nobody(
    jane: User, at_home: Client
) -> None:
    cookie = at_home.cookies[known_browsers.COOKIE]
    assert "jane" not in cookie.value
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    half_way = Client()
    half_way.post("/login/", {"username": "jane.sample", "password": factories.PASSWORD})
    assert known_browsers.COOKIE not in half_way.cookies


def test_after_half_a_year_a_browser_is_a_stranger_again(
    jane: User, at_home: Client, clock: Clock
) -> None:
    clock.shift(timedelta(days=180, seconds=1))
    for _ in range(5):
        enter("jane.sample")
    right = {"username": "jane.sample", "password": factories.PASSWORD}
    assert is_paused(at_home.post("/login/", right))
