"""What tests of two masters press and type, and how they make two requests meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.load.browser import Answer, Browser, Form

PATIENCE = 20


def after_password(user: User, *ports: int, password: str = factories.PASSWORD) -> Browser:
    """A browser between the password and the second step."""
    browser = Browser([*ports], {})
    answer = enter(browser, user, password)
    assert answer.location == "/login/verify/", answer
    return browser


def enter(browser: Browser, user: User, password: str) -> Answer:
    """The first step."""
    form = form_of(browser, "/login/", 'name="password"')
    return browser.post(form, username=user.username, password=password)


def form_of(browser: Browser, path: str, holds: str) -> Form:
    """A form of the page at this address."""
    form = browser.get(path).form(holds)
    assert form is not None, path
    return form


def logged_in(user: User, answer: str, *ports: int) -> Browser:
    """A browser of a client with a card."""
    browser = after_password(user, *ports)
    form = form_of(browser, "/login/verify/", "card_values")
    assert browser.post(form, card_values=answer).location == "/home/"
    return browser


def is_inside(browser: Browser, port: int) -> bool:
    """Whether this master lets the browser in."""
    there = Browser([port], {})
    there.cookies = browser.cookies
    answer = there.get("/home/")
    assert answer.status in {200, 302}
    return answer.status == 200


def wrong(answer: str) -> str:
    """Six other digits."""
    return "".join(str(9 - int(digit)) for digit in answer)


@contextmanager
def held(card: SecurityCard) -> Iterator[Callable[[int], None]]:
    """Holds the card's row until its end; yields what waits for so many requests in line for it."""

    def in_line(count: int) -> None:
        until = time.monotonic() + PATIENCE
        while waiting() < count and time.monotonic() < until:
            time.sleep(0.01)
        assert waiting() == count

    with transaction.atomic():
        SecurityCard.objects.select_for_update().get(pk=card.pk)
        yield in_line


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
