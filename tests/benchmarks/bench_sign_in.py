"""A whole sign-in, both steps over HTTP, against its two hashes."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from securelogin import keys
from tests import factories
from tests.benchmarks.harness import Row, cpu_ratio, milliseconds, rounds

ROUNDS = 15


def send(client: Client, path: str, **fields: str) -> int:
    """Post a form as a browser does; the status of the answer."""
    form = "application/x-www-form-urlencoded"
    return client.post(path, urlencode(fields), content_type=form).status_code


def run() -> list[Row]:
    """With a card and with a Temporary Code."""
    stored = make_password(factories.PASSWORD)
    salt = secrets.token_bytes(keys.SALT_BYTES)
    _key_id, key = keys.current(settings.ANSWER_KEYS)

    def floor() -> None:
        check_password(factories.PASSWORD, stored)
        keys.digest("123456", salt, key, keys.cost_in_use())

    holder = factories.make_user("card.holder")
    _row, answers = factories.make_card(holder)
    right = iter(answers[1:])

    def with_card() -> None:
        client = Client()
        client.get("/login/")
        send(client, "/login/", username=holder.username, password=factories.PASSWORD)
        client.get("/login/verify/")
        assert send(client, "/login/verify/", card_values=next(right)) == 302

    pairs = rounds(ROUNDS, floor, with_card)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        with_card()
    return [
        Row(
            "sign in with a card, four requests",
            cpu_ratio(pairs),
            "its password and answer hashes",
            1.3,
            f"{milliseconds(pairs)}; {len(queries)} queries",
        )
    ]
