"""An agent at the page that issues: what a test presses and types."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import factories

# The least that is evidence: no other page is needed for it.
DOCUMENT = {"document": "passport", "document_seen": "in_person"}
_DIGITS = re.compile(r'<span class="digits">(\d+)</span>')


class IssuePage:
    """The page for one client, in the browser of one agent."""

    def __init__(self, agent: User, client: User, browser: Client | None = None) -> None:
        self.browser = browser or factories.client_with_code(agent)
        self.url = reverse("admin:temporary_code_issue", args=[client.pk])
        self.client = client
        self.request_id = str(uuid.uuid4())

    def get(self, query: str = "") -> Any:
        """Open the page."""
        return self.browser.get(self.url + query)

    def post(self, do: str, **fields: str) -> Any:
        """Press a button of the form, with reason A and a ticket unless the test says otherwise.

        An empty value leaves the field out, as a browser does with a box that is not ticked.
        """
        filled = {"reason": "A", "ticket": "T-88121", "request_id": self.request_id, **fields}
        data = {name: value for name, value in filled.items() if value}
        return self.browser.post(self.url, {"do": do, **data})

    def issue(self, **fields: str) -> Any:
        """Press the main button, with a document seen."""
        return self.post("issue", **{**DOCUMENT, **fields})

    def ask(self, **fields: str) -> Any:
        """Press "Ask for approval"."""
        return self.post("ask", **fields)


def digits_in(response: Any) -> str:
    """The code on a read-out page; empty on any other."""
    return "".join(_DIGITS.findall(response.content.decode()))


def text_of(response: Any) -> str:
    """The words of a page, without its tags, each run of white space one space."""
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(plain).split())


def buttons_of(response: Any) -> set[str]:
    """What the page's buttons named ``do`` would do."""
    pattern = r'name="do"\s+value="([^"]+)"'
    return set(re.findall(pattern, response.content.decode()))


def number_sent() -> str:
    """The check number in the latest mail."""
    found = re.search(r"^\s+(\d+)$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]
