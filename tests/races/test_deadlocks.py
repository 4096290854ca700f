"""Different things done to one client at the same moment wait for each other, and all finish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from securelogin.lifecycle import EndReason
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import TemporaryCode
from tests import factories

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
ROUNDS = 3


def deadlocks() -> int:
    """How many the server has had to break in this database."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute("select deadlocks from pg_stat_database where datname = current_database()")
        return int(cursor.fetchone()[0])


def pending_client(user: Any) -> Client:
    """A browser between the password and the second step."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def test_signing_in_with_the_code_while_the_card_is_activated(at_once: AtOnce) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        code, digits = factories.make_code(jane)
        card, answers = factories.make_card(jane, code=code, active=False)
        clients = [pending_client(jane) for _ in range(8)]

        def act(
            n: int,
            clients: list[Client] = clients,
            card: SecurityCard = card,
            answer: str = answers[0],
            digits: str = digits,
        ) -> int:
            if n == 0:
                SecurityCard.objects.get(pk=card.pk).activate(answer)
                return 0
            typed = digits if n % 2 else digits[::-1]
            return int(clients[n].post("/login/verify/", {"temporary_code": typed}).status_code)

        assert set(at_once(act, 8)) <= {0, 200, 302, 422}
        code.refresh_from_db()
        assert code.end_reason == EndReason.REPLACED


def test_signing_in_with_the_card_while_a_code_for_a_lost_device_is_issued(
    at_once: AtOnce,
) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        card, answers = factories.make_card(jane)
        clients = [pending_client(jane) for _ in range(8)]

        def act(
            n: int,
            clients: list[Client] = clients,
            user: Any = jane,
            answers: list[str] = answers,
        ) -> int:
            if n == 0:
                factories.make_code(user, Reason.LOST)
                return 0
            typed = answers[n]
            return int(clients[n].post("/login/verify/", {"card_values": typed}).status_code)

        assert set(at_once(act, 8)) <= {0, 200, 302, 422}
        card.refresh_from_db()
        assert card.end_reason == EndReason.REPORTED_LOST


def test_cancelling_everything_while_a_card_is_activated(at_once: AtOnce) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        code, _digits = factories.make_code(jane)
        card, answers = factories.make_card(jane, code=code, active=False)

        def act(
            n: int, card: SecurityCard = card, code: TemporaryCode = code, answer: str = answers[0]
        ) -> None:
            if n % 3 == 0:
                SecurityCard.objects.get(pk=card.pk).activate(answer)
            elif n % 3 == 1:
                TemporaryCode.objects.get(pk=code.pk).end(EndReason.CANCELLED_BY_STAFF)
            else:
                SecurityCard.objects.get(pk=card.pk).end(EndReason.CANCELLED_BY_CLIENT)

        at_once(act, 9)
        code.refresh_from_db()
        assert code.ended_at is not None
        card.refresh_from_db()
        assert card.ended_at is not None
