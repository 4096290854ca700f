"""The timeline's page as its tests read it, and events in number."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.events import Event
from securelogin.models import SecurityEvent

URL = "/admin/securelogin/securityevent/"
_ROW = re.compile(r'<tr role="row"(?: class="needs-look")?>(.*?)</tr>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def text_of(html: str) -> str:
    """What a person reads of it, with single spaces."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def rows(response: Any) -> list[str]:
    """The rows of a page, each as one text."""
    found = _ROW.findall(response.content.decode())
    return [text_of(row) for row in found if "<td" in row]


def link(response: Any, words: str) -> str:
    """Where a link of the page leads; empty if it is not there."""
    html = response.content.decode()
    found = re.search(rf'<a href="([^"]*)"[^>]*>{re.escape(words)}</a>', html)
    return unescape(found[1]) if found else ""


def follow(client: Client, response: Any, words: str) -> Any:
    """The page behind a link of this page."""
    query = link(response, words)
    assert query.startswith("?"), words
    return client.get(f"{URL}{query}")


def many_events(
    number: int,
    user: User | None,
    *,
    last: datetime | None = None,
    apart: timedelta = timedelta(seconds=1),
    **fields: Any,
) -> list[SecurityEvent]:
    """Events in bulk, the oldest first, each with its number for a ticket.

    Args:
        number: how many.
        user: the client.
        last: the moment of the last one; now by default.
        apart: between two of them.
        fields: what is special.
    """
    last = last or timezone.now()
    fields.setdefault("kind", Event.DEVICE_ISSUED)
    return SecurityEvent.objects.bulk_create(
        SecurityEvent(
            user=user, at=last - (number - 1 - n) * apart, detail={"ticket": f"n{n}"}, **fields
        )
        for n in range(number)
    )
