"""What the desk asks on PostgreSQL, it finds by an index, however many rows there are.

The plan is looked at, not the clock. Nothing is forbidden to the planner: with the statistics of
the rows below it has to prefer the indexes by itself.
"""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection
from django.test import Client

from accounts.desk.finding import find
from accounts.models import User
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.plans import USERS, copy, desk_events, whole_reads

CLIENTS, EVENTS = 20_000, 50_000
# As `plans.USERS`.
CARDS = {
    "user_id": "(SELECT id FROM accounts_user WHERE username = 'client' || n)",
    "public_id": "'p' || n",
    "serial": "'OSC-' || upper(substr(md5(n::text), 1, 4) || '-' || substr(md5(n::text), 5, 4))",
    "requested_with": "'temporary_code.temporarycode/' || n",
}


@pytest.fixture
def many(postgres: None) -> User:
    """Many clients with a card and events each; returns one of them."""
    jane = factories.make_user(
        "jane.sample", first_name="Jane", last_name="Sample", phone="+41 44 5550101"
    )
    card, _answers = factories.make_card(jane)
    copy(jane, CLIENTS, **USERS)
    copy(card, CLIENTS, **CARDS)
    factories.make_staff("agent1")
    event = SecurityEvent.objects.filter(user=jane)[0]
    copy(event, EVENTS, **desk_events(CLIENTS, 1, "10 minutes"))
    copied = User.objects.get(username="client7")
    assert copied.search_text == copied.searchable
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return jane


def test_the_desk_finds_by_indexes(many: User) -> None:
    """One test for all of it: the rows take longer to make than to ask for."""
    desk = factories.client_with_code(factories.make_staff("sam.support"))
    card = SecurityCard.objects.get(user=many)
    event = SecurityEvent.objects.filter(user=many)[0]
    exactly = (
        "Jane Sample",
        many.username,
        many.email,
        many.phone,
        "555 01 01",
        card.serial,
        card.short_serial,
        event.reference,
    )
    for term in exactly:
        assert many in find(term).clients, term
    for term in (*exactly, "Jan", "client7", "nobody"):
        assert whole_reads(partial(find, term)) == [], term
    for path in (
        "/admin/accounts/user/?q=Sample",
        f"/admin/accounts/user/{many.pk}/change/",
        f"/admin/accounts/user/{many.pk}/progress/",
    ):
        assert whole_reads(partial(reached, desk, path)) == [], path
    # What has no index is noticed.
    assert whole_reads(lambda: list(User.objects.filter(first_name="Nobody")))


def reached(desk: Client, path: str) -> None:
    """Open a page."""
    assert desk.get(path).status_code == 200
