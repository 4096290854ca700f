"""What PostgreSQL does for the pages of the timeline among many events: it goes by an index.

Not a race, but the same database: SQLite has another planner.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.found_events import Cursor
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.plans import USERS, copy, desk_events, whole_reads

# One event every ten minutes: nearly two years.
EVENTS, CLIENTS, AGENTS = 100_000, 20_000, 20
URL = "/admin/securelogin/securityevent/"


@pytest.fixture
def desk(postgres: None) -> Client:
    """A supervisor's browser, among many events."""
    jane = factories.make_user("jane.sample")
    copy(jane, CLIENTS, **USERS)
    agent = factories.make_staff("sam.support")
    copy(agent, AGENTS, username="'agent' || n")
    event = SecurityEvent.objects.record(Event.LOGGED_OUT, jane, actor=jane)
    copy(event, EVENTS, **desk_events(CLIENTS, AGENTS, "10 minutes"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return factories.client_with_code(factories.make_staff("sue.supervisor", Role.SUPERVISOR))


def test_no_page_of_the_timeline_reads_all_events(desk: Client) -> None:
    """One test for all of them: the rows take longer to make than to ask for."""
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
        assert whole_reads(partial(read, desk, page)) == [], page
    assert whole_reads(lambda: export(desk, f"{year}-01-01", f"{year}-04-30")) == []


def read(desk: Client, page: str) -> None:
    """Open a page that shows something."""
    response = desk.get(URL + page)
    assert response.status_code == 200
    assert "Nothing was found" not in response.content.decode()


def export(desk: Client, since: str, until: str) -> None:
    """Download a file of many batches, to its end."""
    response: Any = desk.post(f"{URL}export/", {"since": since, "until": until})
    assert len(list(response.streaming_content)) > 15
