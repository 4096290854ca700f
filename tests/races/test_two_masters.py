"""Two gunicorn masters, as on two machines, share nothing but PostgreSQL: what one of them knows
the other one knows, and what one of them uses up is used up.

Each master is a process group of its own with the test settings, on the database of the races.
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from accounts.models import User
from securelogin.models import Failures, SecurityEvent
from securelogin.policy import Policy
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.load import programs
from tests.load.browser import Answer, Browser
from tests.load.programs import Program
from tests.postgres import URL, Database
from tests.races.masters import (
    PATIENCE,
    after_password,
    enter,
    form_of,
    held,
    is_inside,
    logged_in,
    wrong,
)

CARD = "/settings/user/secure-login/card/"
Start = Callable[[str], Program]


@pytest.fixture(scope="module")
def start(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Starts a master; all of them end with the module."""
    if not URL:
        pytest.skip("races need PostgreSQL: set TEST_POSTGRES_URL")
    database: Database = request.getfixturevalue("_postgres_database")
    address = urlsplit(URL)._replace(path=f"/{database[1].settings_dict['NAME']}")
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE_URL": urlunsplit(address),
    }
    folder: Path = tmp_path_factory.mktemp("masters")
    started: list[Program] = []

    def begin(name: str) -> Program:
        options = ["-k", "gthread", "--threads", "4", "--workers", "1"]
        started.append(programs.gunicorn(name, options, environment, folder))
        return started[-1]

    try:
        yield begin
    finally:
        programs.stop(started)


@pytest.fixture(scope="module")
def masters(start: Start) -> list[int]:
    """The ports of two of them."""
    both = [start("first"), start("second")]
    for master in both:
        programs.wait_until_serving(master, {})
    return [master.port for master in both]


@pytest.fixture
def jane(postgres: None) -> User:
    """A client."""
    return factories.make_user("jane.sample", first_name="Jane", last_name="Sample")


def test_a_session_opened_at_one_is_valid_at_the_other_and_ended_there(
    masters: list[int], jane: User
) -> None:
    _card, answers = factories.make_card(jane)
    first, second = masters
    browser = logged_in(jane, answers[1], first)
    assert is_inside(browser, second)
    browser.ports = [second]
    assert browser.post(form_of(browser, "/home/", "/logout/")).location == "/logged-out/?r=left"
    assert not browser.cookies.get("sid")
    assert not is_inside(browser, first)


def test_one_sign_in_may_take_each_of_its_steps_at_another_master(
    masters: list[int], jane: User
) -> None:
    _card, answers = factories.make_card(jane)
    browser = logged_in(jane, answers[1], *masters)
    assert all(is_inside(browser, port) for port in masters)


def test_wrong_answers_at_both_lock_at_exactly_the_limit(masters: list[int], jane: User) -> None:
    card, answers = factories.make_card(jane)
    browsers = [after_password(jane, port) for port in masters]
    forms = [form_of(browser, "/login/verify/", "card_values") for browser in browsers]
    limit = Policy().factor_attempts
    for number in range(limit - 1):
        at = number % len(masters)
        # Another form each time: the same one sent again would count once.
        forms[at] = form_of(browsers[at], "/login/verify/", "card_values")
        refused = browsers[at].post(forms[at], card_values=wrong(answers[1]))
        assert refused.status == 422
        # The waits between answers are another matter, and would take minutes.
        SecurityCard.objects.filter(pk=card.pk).update(throttling_failure_timestamp=None)
    forms = [form_of(browser, "/login/verify/", "card_values") for browser in browsers]
    with ThreadPoolExecutor(2) as both, held(card) as in_line:
        last = [
            both.submit(browser.post, form, card_values=wrong(answers[1]))
            for browser, form in zip(browsers, forms, strict=True)
        ]
        in_line(2)
    assert [done.result(PATIENCE).status for done in last] == [429, 429]
    series = Failures.objects.of_factor(jane.pk)
    assert series is not None
    assert (series.count, series.total) == (limit, limit)
    for browser, form in zip(browsers, forms, strict=True):
        assert browser.post(form, card_values=answers[1]).status == 429


def test_wrong_passwords_at_both_pause_the_password_at_both(masters: list[int], jane: User) -> None:
    browsers = [Browser([port], {}) for port in masters]
    for number in range(Policy().password_attempts):
        assert enter(browsers[number % 2], jane, "not the password").status == 422
    for browser in browsers:
        assert enter(browser, jane, factories.PASSWORD).status == 422
    assert set(Failures.objects.values_list("count", flat=True)) == {Policy().password_attempts}


def test_a_double_click_that_reaches_both_at_once_makes_one_card(
    masters: list[int], jane: User
) -> None:
    _code, digits = factories.make_code(jane)
    browser = after_password(jane, *masters)
    form = form_of(browser, "/login/verify/", "temporary_code")
    assert browser.post(form, temporary_code=digits).location == "/home/"
    form = form_of(browser, "/settings/user/secure-login/", f'action="{CARD}"')
    places = {click.location for click in browser.post_twice(form)}
    card = SecurityCard.objects.get()
    assert places == {f"{CARD}{card.public_id}/"}
    assert browser.get(f"{CARD}{card.public_id}/image.png?layout=wide").status == 200
    issued = SecurityEvent.objects.filter(kind="device:issued", device=card.persistent_id)
    assert issued.count() == 1


def test_of_two_right_answers_to_the_same_pair_one_opens_a_session(
    masters: list[int], jane: User
) -> None:
    card, answers = factories.make_card(jane)
    browsers = [after_password(jane, port) for port in masters]
    forms = [form_of(browser, "/login/verify/", "card_values") for browser in browsers]
    with ThreadPoolExecutor(2) as both, held(card) as in_line:
        clicks: list[Future[Answer]] = [
            both.submit(browser.post, form, card_values=answers[1])
            for browser, form in zip(browsers, forms, strict=True)
        ]
        in_line(2)
    assert sorted(click.result(PATIENCE).status for click in clicks) == [302, 422]
    assert sum(is_inside(*pair) for pair in zip(browsers, masters, strict=True)) == 1
    card.refresh_from_db()
    assert card.answered == 2


def test_a_password_changed_at_one_ends_the_sessions_at_the_other(
    masters: list[int], jane: User
) -> None:
    _card, answers = factories.make_card(jane)
    first, second = masters
    here, elsewhere = logged_in(jane, answers[1], first), logged_in(jane, answers[2], second)
    waiting = after_password(jane, second)
    form = form_of(here, "/settings/user/password/", 'name="password"')
    done = here.post(form, password="another-lantern-78", repeat="another-lantern-78")
    assert done.location == "/settings/user/"
    assert is_inside(here, second)
    assert not is_inside(elsewhere, second)
    # Who stands between the two steps begins again.
    assert waiting.get("/login/verify/").location == "/login/"


def test_what_a_master_was_doing_when_it_died_is_undone_and_the_other_goes_on(
    masters: list[int], start: Start, jane: User
) -> None:
    card, answers = factories.make_card(jane)
    dying = start("dying")
    programs.wait_until_serving(dying, {})
    browser = after_password(jane, dying.port)
    form = form_of(browser, "/login/verify/", "card_values")
    with ThreadPoolExecutor(1) as pool, held(card) as in_line:
        lost = pool.submit(browser.post, form, card_values=answers[1])
        in_line(1)
        dying.kill()
    with pytest.raises((http.client.HTTPException, OSError)):
        lost.result(PATIENCE)
    # The next request goes to the other one, as a balancer sends it.
    browser.ports = [masters[0]]
    assert browser.post(form, card_values=answers[1]).location == "/home/"
    card.refresh_from_db()
    assert card.answered == 2
