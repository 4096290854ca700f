"""The desk's pages among 100,000 clients and 5 million events, against a page of text.

On PostgreSQL, by TEST_POSTGRES_URL. The ratio orients; what is held is that no page reads a big
table from one end to the other, and that the number of queries is the one of a desk of one client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories, postgres
from tests.benchmarks.harness import Row, cpu_ratio, milliseconds, rounds
from tests.plans import USERS, bare, copy, desk_events, whole_reads

CLIENTS, EVENTS, AGENTS = 100_000, 5_000_000, 20
# Two years of them.
APART = "12.6 seconds"
ROUNDS = 15
TIMELINE = "/admin/securelogin/securityevent/"


def run() -> list[Row]:
    """CPU of the portal; the database's is its own."""
    if not postgres.URL:
        return [Row("desk pages: skipped", 0, "needs PostgreSQL: set TEST_POSTGRES_URL")]
    with postgres.database("test_bench_desk") as database, postgres.default(database):
        return list(_measure())


def _measure() -> Iterator[Row]:
    agent = factories.make_staff("sue.supervisor", Role.SUPERVISOR)
    client = factories.make_user("jane.sample", first_name="Jane", last_name="Sample")
    factories.make_card(client)
    browser = factories.client_with_code(agent)
    pages = {
        "desk: search": "/admin/accounts/user/?q=Jane+Sample",
        "desk: client": f"/admin/accounts/user/{client.pk}/change/",
        "desk: timeline": TIMELINE,
        "desk: timeline of a client": f"{TIMELINE}?client={client.pk}",
        "desk: timeline of a member of staff": f"{TIMELINE}?staff=agent7",
        "desk: figures": f"{TIMELINE}figures/",
    }
    # A little of everything, or an empty desk would ask for less.
    colleague = factories.make_staff("agent7")
    SecurityEvent.objects.record(Event.APPROVAL_ASKED, client, actor=colleague)
    few = {name: _queries(browser, path) for name, path in pages.items()}
    took = _fill(client, colleague)
    for name, path in pages.items():
        pairs = rounds(ROUNDS, _opener(browser, "/help/"), _opener(browser, path))
        many = _queries(browser, path)
        whole = whole_reads(_opener(browser, path), (User, SecurityEvent))
        how = "READS A WHOLE TABLE" if whole else "every plan by an index"
        grown = f" (ONE CLIENT: {few[name]})" if many != few[name] else ""
        # A limit that cannot be kept says that the page failed, whatever its ratio.
        limit = 0.0 if whole or grown else None
        note = f"{milliseconds(pairs)}; {many} queries{grown}; {how}"
        yield Row(name, cpu_ratio(pairs), "a page of text", limit, note)
    yield Row(
        "desk: making the rows", 0, f"{took:.0f} s for {CLIENTS:,} clients, {EVENTS:,} events"
    )


def _opener(browser: Client, path: str) -> Callable[[], None]:
    def open_page() -> None:
        assert browser.get(path).status_code == 200, path

    return open_page


def _queries(browser: Client, path: str) -> int:
    browser.get(path)  # permissions and content types are read once for each process
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path).status_code == 200, path
    return len(queries)


def _fill(client: User, agent: User) -> float:
    """Make the rows; returns how long that took, in seconds."""
    began = time.perf_counter()
    # Makes room for a copy of that name.
    User.objects.filter(pk=agent.pk).update(username="colleague")
    with bare(User._meta.db_table):
        copy(client, CLIENTS, **USERS)
        copy(agent, AGENTS, username="'agent' || n")
    event = SecurityEvent.objects.record(Event.LOGGED_OUT, client, actor=client)
    with bare(SecurityEvent._meta.db_table):
        copy(event, EVENTS, **desk_events(CLIENTS, AGENTS, APART))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return time.perf_counter() - began
