"""Chromium, a server with threads, and the people of the browser tests.

Debian's own Chromium is driven, nothing is downloaded. Where there is none the tests are
skipped with the reason, except in CI, where they fail.
"""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from securelogin.security_card import drawing
from securelogin.security_card.drawing import Layout
from tests import factories
from tests.browser.watch import Watch
from tests.securelogin.security_card import sheets

HERE = Path(__file__).parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Root has no sandbox in a container; the rest keeps the browser from calling anywhere.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Only a failure waits that long. On a starved machine a card takes 15 seconds to draw.
NEVER_WAIT_LONGER = 60_000
expect.set_options(timeout=NEVER_WAIT_LONGER)

NewPage = Callable[..., Page]
# The real function, before any test replaces it.
DRAW = drawing.png


def pytest_configure(config: pytest.Config) -> None:
    """The marker of these tests: `pytest -m "not browser"` leaves them out."""
    config.addinivalue_line("markers", "browser: needs Chromium and a served portal")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark these tests before `-m` looks, and run them last: Playwright leaves an event loop in
    the thread."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # A browser on a busy machine is the one part here that is not ours: a failure is
            # tried once more, and named in the report as rerun.
            item.add_marker(pytest.mark.flaky(reruns=1))
    yield
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found:
        return found
    reason = "no Chromium here: apt-get install --no-install-recommends chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium."""
    return {**browser_type_launch_args, "executable_path": _chromium(), "args": CHROMIUM_ARGS}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Addresses in the tests are paths on the served portal."""
    return live_server.url


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_playwright() -> Iterator[None]:
    # Playwright's event loop stays in the tests' thread until the session ends; the tests
    # themselves are synchronous.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def stock_pictures() -> dict[Layout, bytes]:
    """A card of nobody's, drawn once, at half its size: a browser shows it four times as fast."""
    pictures = {}
    for layout in Layout:
        picture = Image.open(io.BytesIO(DRAW(sheets.a_sheet(), layout))).convert("L")
        out = io.BytesIO()
        picture.resize((picture.width // 2, picture.height // 2)).save(out, "PNG")
        pictures[layout] = out.getvalue()
    return pictures


@pytest.fixture
def real_drawing() -> None:
    """Asks for the client's own card in the picture."""


@pytest.fixture(autouse=True)
def _quick_drawing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stock picture for all cards, unless a test asks for the real one: it takes a second."""
    if "real_drawing" not in request.fixturenames:
        pictures: dict[Layout, bytes] = request.getfixturevalue("stock_pictures")
        monkeypatch.setattr(drawing, "png", lambda _sheet, layout: pictures[layout])


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails a test whose pages log an error or break the Content-Security-Policy."""
    watching = Watch()
    yield watching
    assert watching.complaints == []


@pytest.fixture
def at_rest(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Waits until the served portal works at nothing any more.

    It may still work for a click that the browser has given up, or a page that was left. After
    the test it would write into tables that are being emptied for the next one.
    """
    working: set[int] = set()

    def begin(**_signal: object) -> None:
        working.add(threading.get_ident())

    def end(**_signal: object) -> None:
        working.discard(threading.get_ident())

    def wait() -> None:
        for _ in range(NEVER_WAIT_LONGER // 10):
            if not working - {threading.get_ident()}:
                return
            time.sleep(0.01)
        pytest.fail("the served portal never comes to rest")

    request_started.connect(begin)
    request_finished.connect(end)
    yield wait
    wait()
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def new_page(
    at_rest: object,
    watch: Watch,
    new_context: Callable[..., BrowserContext],
) -> NewPage:
    """Opens a page in a browser of its own (cookies, settings): `new_page(width=320)`."""

    def opened(*, width: int = 1280, height: int = 800, **options: Any) -> Page:
        options.setdefault("viewport", {"width": width, "height": height})
        context = new_context(**options)
        context.set_default_timeout(NEVER_WAIT_LONGER)
        watch.over(context)
        context.on("page", _evaluates_when_parsed)
        return context.new_page()

    return opened


def _evaluates_when_parsed(page: Page) -> None:
    """A click returns when the next page answers; what is asked then waits for its elements."""
    evaluate = page.evaluate

    def evaluated(expression: str, arg: Any = None) -> Any:
        page.wait_for_load_state("domcontentloaded")
        return evaluate(expression, arg)

    vars(page)["evaluate"] = evaluated


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A wide window."""
    return new_page()


@pytest.fixture
def code(jane: User) -> str:
    """The digits of Jane's fresh Temporary Code."""
    return factories.make_code(jane)[1]
