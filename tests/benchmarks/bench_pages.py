"""Every page that computes no slow hash, against a bare Django site in the same process.

Both are called as a server calls them: a WSGI request in, the whole answer out, nothing of a test
client between. The floor of the client's pages is `bare.site.page`, that of the desk's pages the
start page of Django's own admin. The connection to the database is kept meanwhile, as the pool in
service keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from tests.benchmarks.bare import site
from tests.benchmarks.browser import FIREFOX
from tests.benchmarks.harness import Row, connection_kept, cpu_ratio, milliseconds, rounds
from tests.benchmarks.visitors import CLIENT_PAGES, DESK_PAGES, Browsers, Place

ROUNDS = 11
# Pages are quicker than the clock is fine.
REPEATS = 5
GOAL = 2.5


def run() -> list[Row]:
    """One row for each page."""
    bare, portal = site.handler(), WSGIHandler()
    browsers = Browsers()
    with connection_kept():
        client_floor = _opener(bare, site.browser_of(browsers.client), "/")
        desk_floor = _opener(bare, site.browser_of(browsers.superuser), "/admin/")
        return [
            *_rows(portal, browsers, CLIENT_PAGES, client_floor, "a bare page", GOAL),
            *_rows(portal, browsers, DESK_PAGES, desk_floor, "a bare page of the admin", None),
        ]


def _rows(
    portal: WSGIHandler,
    browsers: Browsers,
    pages: dict[str, Place],
    floor: Callable[[], None],
    floor_name: str,
    goal: float | None,
) -> Iterator[Row]:
    for name, (browser, path, status) in pages.items():
        page = _opener(portal, browser(browsers), path(browsers), status)
        queries = _queries(page)
        pairs = [
            (before.each(REPEATS), after.each(REPEATS))
            for before, after in rounds(ROUNDS, _often(floor), _often(page))
        ]
        note = f"{milliseconds(pairs)}; {queries} queries, floor {_queries(floor)}"
        yield Row(name, cpu_ratio(pairs), floor_name, goal, note)


def _opener(
    handler: WSGIHandler, browser: Client, path: str, status: int = HTTPStatus.OK
) -> Callable[[], None]:
    """What opens a page in this browser, whose cookies stay as they are."""
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in browser.cookies.values())
    headers = {"Cookie": cookies, "User-Agent": FIREFOX}
    environ = RequestFactory().get(path, headers=headers).environ
    wanted = str(status)

    def open_page() -> None:
        answered = ""

        def start(status: str, *_rest: object) -> Callable[[bytes], object]:
            nonlocal answered
            answered = status
            return bytes

        answer = handler(dict(environ), start)
        assert b"".join(answer)
        answer.close()
        assert answered.startswith(wanted), (path, answered)

    return open_page


def _often(act: Callable[[], None]) -> Callable[[], None]:
    def acts() -> None:
        for _ in range(REPEATS):
            act()

    return acts


def _queries(page: Callable[[], None]) -> int:
    page()  # what is read once for each process
    with CaptureQueriesContext(connection) as queries:
        page()
    return len(queries)
