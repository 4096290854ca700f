"""What pages ask on PostgreSQL, they find by an index, however many rows there are.

Not a race, but the same database: SQLite has another planner. The plan is looked at, not the
clock. Nothing is forbidden to the planner: with the statistics of the rows below it has to prefer
the indexes by itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.desk.finding import find
from accounts.models import User
from securelogin.desk.found_events import Cursor
from securelogin.desk.roles import Role
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.plans import USERS, copy, desk_events, whole_reads

# One event every ten minutes: nearly two years.
EVENTS, CLIENTS, AGENTS = 100_000, 20_000, 20
TIMELINE = "/admin/securelogin/securityevent/"
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
    copy(factories.make_staff("sam.support"), AGENTS, username="'agent' || n")
    copy(jane, CLIENTS, **USERS)
    copy(card, CLIENTS, **CARDS)
    event = SecurityEvent.objects.filter(user=jane)[0]
    copy(event, EVENTS, **desk_events(CLIENTS, AGENTS, "10 minutes"))
    copied = User.objects.get(username="client7")
    assert copied.search_text == copied.searchable
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return jane


def test_no_page_reads_a_table_from_one_end_to_the_other(many: User) -> None:
    """One test for all of it: the rows take longer to make than to ask for."""
    desk = factories.client_with_code(factories.make_staff("sue.supervisor", Role.SUPERVISOR))
    a_client_is_found(desk, many)
    pages_of_the_timeline(desk)
    pages_of_a_client()
    # What has no index is noticed.
    assert whole_reads(lambda: list(User.objects.filter(first_name="Nobody")))


def a_client_is_found(desk: Client, jane: User) -> None:
    """By whatever a caller says; and the pages about the client."""
    card = SecurityCard.objects.get(user=jane)
    event = SecurityEvent.objects.filter(user=jane)[0]
    exactly = (
        "Jane Sample",
        jane.username,
        jane.email,
        jane.phone,
        "555 01 01",
        card.serial,
        card.short_serial,
        event.reference,
    )
    for term in exactly:
        assert jane in find(term).clients, term
    for term in (*exactly, "Jan", "client7", "nobody"):
        assert whole_reads(partial(find, term)) == [], term
    for path in (
        "/admin/accounts/user/?q=Sample",
        f"/admin/accounts/user/{jane.pk}/change/",
        f"/admin/accounts/user/{jane.pk}/progress/",
    ):
        assert whole_reads(partial(read, desk, path)) == [], path


def pages_of_a_client() -> None:
    """The home page asks by one statement for tries by somebody else and other sessions."""
    browser = factories.client_with_code(factories.make_user("joe.sample"))
    for path in ("/home/", "/settings/user/", "/settings/user/secure-login/"):
        assert whole_reads(partial(read, browser, path)) == [], path


def pages_of_the_timeline(desk: Client) -> None:
    """With each filter and far back; the figures, and a file of a third of a year."""
    client = User.objects.get(username="client7")
    event = SecurityEvent.objects.filter(user=client)[2]
    year = timezone.localdate().year - 1
    days = f"since={year}-03-01&until={year}-03-31"
    position = Cursor.of(SecurityEvent.objects.order_by("at")[1_000])
    groups = ("logins", "staff", "approvals", "mail", "temporary-code", "security-card")
    for page in (
        "",
        f"?before={position}",
        f"?after={position}",
        f"?{days}",
        f"?client={client.pk}",
        f"?client={client.pk}&group=logins&before={Cursor.of(event)}",
        "?staff=agent3",
        f"?staff=agent3&{days}&after={position}",
        f"?reference={event.reference}",
        *(f"?group={group}" for group in groups),
        "figures/",
    ):
        assert whole_reads(partial(read, desk, TIMELINE + page)) == [], page
    assert whole_reads(lambda: export(desk, f"{year}-01-01", f"{year}-04-30")) == []


def read(desk: Client, path: str) -> None:
    """Open a page that shows something."""
    response = desk.get(path)
    assert response.status_code == 200
    assert "Nothing was found" not in response.content.decode()


def export(desk: Client, since: str, until: str) -> None:
    """Download a file of many batches, to its end."""
    response: Any = desk.post(f"{TIMELINE}export/", {"since": since, "until": until})
    assert len(list(response.streaming_content)) > 15
