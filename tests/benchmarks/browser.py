"""A browser that speaks WSGI to the portal: cookies, forms with their tokens, no test client.

What a test client does around a request would be measured as the portal's.
"""

from __future__ import annotations

import html
import io
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_ACTION = re.compile(rb'<form method="post" action="([^"]*)"')
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_GET = RequestFactory().get("/", headers={"User-Agent": FIREFOX}).environ
_FORM = "application/x-www-form-urlencoded"


class Browser:
    """One browser with its cookies."""

    def __init__(self, handler: WSGIHandler) -> None:
        self.handler = handler
        self.cookies = SimpleCookie()
        self.path = ""
        self.status = 0
        self.page = b""

    def get(self, path: str) -> int:
        """Open a page; the status of the answer, which `page` holds."""
        self.path = path
        return self._send({**_GET, "PATH_INFO": path})

    @property
    def action(self) -> str:
        """Where the first form of the open page is sent."""
        form = _ACTION.search(self.page)
        assert form, "no form with an address on this page"
        return urljoin(self.path, html.unescape(form[1].decode()))

    def post(self, path: str, **fields: str) -> int:
        """Send the form of the open page; the status of the answer."""
        token = _TOKEN.search(self.page)
        assert token, "no form on this page"
        body = urlencode({"csrfmiddlewaretoken": token[1].decode(), **fields}).encode()
        form = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": _FORM,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        path, _, query = path.partition("?")
        return self._send({**_GET, **form, "PATH_INFO": path, "QUERY_STRING": query})

    def _send(self, environ: dict[str, object]) -> int:
        environ["HTTP_COOKIE"] = "; ".join(f"{c.key}={c.value}" for c in self.cookies.values())
        answer = self.handler(environ, self._start)
        self.page = b"".join(answer)
        answer.close()
        return self.status

    def _start(self, status: str, headers: list[tuple[str, str]], *_rest: object) -> type[bytes]:
        self.status = int(status[:3])
        for name, value in headers:
            if name == "Set-Cookie":
                self.cookies.load(value)
        return bytes
