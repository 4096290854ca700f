"""The portal asks its database the same, however many clients it has: the short form of
``python -m tests.growth``, which goes up to a million.

Not a race, but the same database.
"""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from securelogin.lifecycle import EndReason
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.growth import comparing, measuring
from tests.growth.loader import fill

FEW, MANY = 1_000, 6_000
# Other tests use the server meanwhile and make it read its own catalogue again in the middle of an
# act. What costs several times as much is a fault; 1.3 times is for `make growth` to see.
ROUGHLY = comparing.Allowance(times=2.5, spare=60)
# Bytes of a card: its hashes lie outside the row; without them only what the desk shows is left.
MOST_ACTIVE, MOST_ENDED = 6_200, 350

pytestmark = pytest.mark.usefixtures("postgres")


def test_no_page_act_or_job_asks_more_as_clients_become_more() -> None:
    if reason := measuring.prepare():
        pytest.skip(reason)
    few = comparing.costs(fill(FEW), clients=2)
    call_command("flush", interactive=False, verbosity=0)
    many = comparing.costs(fill(MANY), clients=2)
    lines: list[str] = []
    assert comparing.tell({FEW: few, MANY: many}, lines.append, ROUGHLY) == 0, "\n".join(lines)
    # It measured: whoever logs in has written.
    assert few["login: second step"].blocks > 100


def test_a_card_keeps_five_kilobytes_while_it_works_and_a_few_hundred_bytes_after() -> None:
    jane = factories.make_user("jane.sample")
    card, _answers = factories.make_card(jane)
    assert 5_376 < stored_bytes(card) < MOST_ACTIVE
    card.end(EndReason.CANCELLED_BY_CLIENT, by=User.objects.get(pk=jane.pk))
    assert stored_bytes(card) < MOST_ENDED


def stored_bytes(card: SecurityCard) -> int:
    """Of a card's row with what lies outside it, as PostgreSQL stores them; indexes apart."""
    columns = " + ".join(
        f'coalesce(pg_column_size("{field.column}"), 0)' for field in card._meta.concrete_fields
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {card._meta.db_table} WHERE id = %s", [card.pk])
        return int(cursor.fetchone()[0])
