"""A whole sign-in, four requests from the first page to the last answer, against its two hashes.

The requests are sent as a server sends them, tokens of the forms included (`browser.Browser`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from securelogin import keys
from tests import factories
from tests.benchmarks.browser import Browser
from tests.benchmarks.harness import Row, connection_kept, cpu_ratio, milliseconds, rounds

ROUNDS = 25
GOAL, BEYOND = 1.2, 1.1
STATEMENTS = 17


def run() -> list[Row]:
    """CPU and statements."""
    holder = factories.make_user("card.holder")
    _code, _digits = factories.make_code(holder)
    _row, answers = factories.make_card(holder)
    right = iter(answers[1:])
    handler = WSGIHandler()
    with connection_kept():
        pairs = rounds(ROUNDS, _floor(), lambda: sign_in(handler, holder, right), forget_sessions)
        forget_sessions()
        with CaptureQueriesContext(connection) as queries:
            sign_in(handler, holder, right)
    return [
        Row(
            "sign in with a card, four requests",
            cpu_ratio(pairs),
            "its password and answer hashes",
            GOAL,
            milliseconds(pairs),
            beyond=BEYOND,
        ),
        Row(
            "the same, SQL statements",
            len(queries),
            "BEGIN and COMMIT among them",
            STATEMENTS,
            "of the four requests; the client has an ended code, too",
        ),
    ]


def _floor() -> Callable[[], None]:
    stored = make_password(factories.PASSWORD)
    salt = secrets.token_bytes(keys.SALT_BYTES)
    _key_id, key = keys.current(settings.ANSWER_KEYS)

    def floor() -> None:
        check_password(factories.PASSWORD, stored)
        keys.digest("123456", salt, key, keys.cost_in_use())

    return floor


def sign_in(handler: WSGIHandler, user: User, right: Iterator[str]) -> None:
    """The login page, name and password, the page of the second step, two card values."""
    browser = Browser(handler)
    assert browser.get("/login/") == HTTPStatus.OK
    name = {"username": user.username, "password": factories.PASSWORD}
    assert browser.post("/login/", **name) == HTTPStatus.FOUND
    assert browser.get("/login/verify/") == HTTPStatus.OK
    assert browser.post(browser.action, card_values=next(right)) == HTTPStatus.FOUND


def forget_sessions() -> None:
    """Nobody logs in a hundred times without logging out: the sixth session would end one."""
    Session.objects.all().delete()
