"""Browsers of one client or agent: cookies, forms, and requests that go to the masters in turn.

Nothing more than `http.client`: what a browser spends here is taken from the servers.
"""

from __future__ import annotations

import html
import http.client
import re
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from tests.load.programs import HOST

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input\b[^>]*type="hidden"[^>]*>')
_PATIENCE = 120
Headers = dict[str, str]


class Log:
    """What every request of every browser became; for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.phase = "start"
        self.waits: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.waiting_pages: Counter[str] = Counter()

    def note(self, kind: str, seconds: float, status: int = 0, *, waiting: bool = False) -> None:
        """One answer, or one whole walk.

        Args:
            kind: of the request, in words.
            seconds: from the first byte sent to the last one read.
            status: of the answer; 0 for a walk.
            waiting: the answer says when to come again.
        """
        with self._lock:
            self.waits[self.phase, kind].append(seconds)
            if status:
                self.statuses[kind, status] += 1
            if waiting:
                self.waiting_pages[kind] += 1


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it goes, and what it holds before anybody types."""

    path: str
    hidden: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    path: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()

    @property
    def location(self) -> str:
        """The path it leads to, with its query; empty for a page."""
        parts = urlsplit(self.headers.get("Location", ""))
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def come_again(self) -> float | None:
        """Seconds until the same may be asked again; None if it was answered."""
        after = self.headers.get("Retry-After", "")
        return float(after) if after.isdecimal() else None

    def form(self, holds: str) -> Form | None:
        """The first form with this in it, tag included; None if the page has none."""
        for opening, content in _FORM.findall(self.text):
            if holds in opening or holds in content:
                action = html.unescape(_value("action", opening))
                fields = (
                    (_value("name", found), html.unescape(_value("value", found)))
                    for found in _HIDDEN.findall(content)
                )
                return Form(urljoin(self.path, action), dict(fields))
        return None


def _value(name: str, tag: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


class Browser:
    """One browser; its requests go to the masters in turn, as behind a balancer."""

    def __init__(self, ports: list[int], headers: Headers, log: Log | None = None) -> None:
        """Nothing is sent yet.

        Args:
            ports: of the masters.
            headers: that every request carries.
            log: for what is measured.
        """
        self.ports = ports
        self.cookies: dict[str, str] = {}
        self.log = log or Log()
        self._headers = headers
        self._turn = 0

    def get(self, path: str, kind: str = "page") -> Answer:
        """Open an address."""
        return self._keep(self._ask(self._next(), "GET", path, kind))

    def post(self, form: Form, kind: str = "form", /, **typed: str) -> Answer:
        """Send a form with what was typed."""
        return self.post_to(self._next(), form, kind, **typed)

    def post_to(self, port: int, form: Form, kind: str = "form", /, **typed: str) -> Answer:
        """The same, at one of the masters."""
        return self._keep(self._ask(port, "POST", form.path, kind, {**form.hidden, **typed}))

    def post_twice(self, form: Form, kind: str = "form", /, **typed: str) -> list[Answer]:
        """A double click: the same form at two masters at once; no cookie is kept."""
        fields = {**form.hidden, **typed}

        def click(port: int) -> Answer:
            return self._ask(port, "POST", form.path, kind, fields)

        with ThreadPoolExecutor(2) as both:
            return list(both.map(click, (self._next(), self._next())))

    def lose(self, form: Form, /, **typed: str) -> None:
        """Send a form, and lose the connection before an answer comes."""
        connection = self._connection(self._next())
        self._send(connection, "POST", form.path, {**form.hidden, **typed})
        connection.close()

    def keep(self, answer: Answer) -> Answer:
        """Go on with one of the answers of a double click."""
        return self._keep(answer)

    def _next(self) -> int:
        self._turn += 1
        return self.ports[self._turn % len(self.ports)]

    def _connection(self, port: int) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, port, timeout=_PATIENCE)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        fields: dict[str, str] | None,
    ) -> None:
        headers = dict(self._headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields)
        connection.request(method, path, body, headers)

    def _ask(
        self, port: int, method: str, path: str, kind: str, fields: dict[str, str] | None = None
    ) -> Answer:
        # A connection for each request, as a proxy in front makes by default.
        connection = self._connection(port)
        began = time.perf_counter()
        try:
            self._send(connection, method, path, fields)
            response = connection.getresponse()
            answer = Answer(path, response.status, response.headers, response.read())
        finally:
            connection.close()
        seconds = time.perf_counter() - began
        waiting = answer.come_again is not None
        self.log.note(kind, seconds, answer.status, waiting=waiting)
        return answer

    def _keep(self, answer: Answer) -> Answer:
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if value in {"", '""'} or "max-age=0" in rest.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer
