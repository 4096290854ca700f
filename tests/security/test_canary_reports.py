"""The technical error report and the mail to the operators, made at every place that can break."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.views.debug import ExceptionReporter

from accounts.models import User
from securelogin.security_card import card
from tests import factories
from tests.security.breaking import breaking
from tests.security.canaries import Canaries, spellings
from tests.security.cast import CARD, untouched
from tests.security.desk_steps import compare, issue, issue_approved, repeat, send_number
from tests.security.steps import (
    activate,
    request_card,
    sign_in_with_card,
    sign_in_with_code,
)
from tests.security.traces import written

CODE = "482719036"
NONCE = bytes(range(64, 96))
POSTED = "posted-canary-51"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Canaries:
    """A code and a nonce that are known before they are drawn."""
    settings.ADMINS = [("Operator", "operator@mail.example")]
    monkeypatch.setattr("securelogin.codes.draw", lambda *_args: CODE)
    source = SimpleNamespace(token_bytes=lambda _length: NONCE)
    monkeypatch.setattr("securelogin.security_card.views.requesting.secrets", source)
    found = Canaries()
    found.add_code(CODE, b"no digest is looked for")
    found.words |= spellings(NONCE) | {POSTED, factories.PASSWORD}
    values = card.derive_values(settings.VALUE_KEYS[0][1], NONCE)
    found.add_card(bytes(range(1, 225)), values, b"")
    return found


@pytest.fixture
def reports(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What Django would show a developer, and what it logs, for each exception."""
    caplog.set_level(logging.ERROR, logger="django.request")
    made: list[str] = []

    def report(sender: object, request: HttpRequest, **_kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        made.append(f"{reporter.get_traceback_html()}\n{reporter.get_traceback_text()}")

    got_request_exception.connect(report)
    yield made
    got_request_exception.disconnect(report)
    made.append(caplog.text)


def check(secrets: Canaries, reports: list[str], at_least: int) -> None:
    """There were reports, and no secret is in one of them."""
    assert len(reports) >= at_least
    # The one mail that is there to say its number.
    others = [message for message in mail.outbox if message.subject != "Your check number"]
    mails = [written(message) for message in others]
    assert sum("operator@mail.example" in text for text in mails) >= at_least
    for text in (*reports, *mails):
        found = secrets.found_in(text)
        assert found == [], [text[max(0, text.find(f) - 300) :][:400] for f in found]
        # The report has to be worth something: where it broke.
        assert "Traceback" in text or "operator" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "make",
    [
        issue,
        issue_approved,
        repeat,
        send_number,
        compare,
        sign_in_with_code,
        sign_in_with_card,
        request_card,
        activate,
    ],
)
def test_no_secret_is_in_a_report_when_the_database_breaks(
    make: Any, jane: User, sam: User, secrets: Canaries, reports: list[str]
) -> None:
    step = make(jane, sam)
    step.client.raise_request_exception = False
    step.data["canary"] = POSTED
    secrets.words |= {value for value in step.data.values() if value.isdigit()}
    secrets.words.add(step.client.cookies["sid"].value)
    for at in range(2, 100, 3):
        with untouched(step.client), breaking(at, RuntimeError("broken here")) as broken:
            step.send()
        if not broken.reached:
            break
    check(secrets, reports, 4)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("securelogin.security_card.filling._sum", "card.pdf"),
        ("securelogin.security_card.filling._sum", "image.png?layout=tall"),
        ("securelogin.security_card.filling.png_chunk", "image.png"),
        ("securelogin.security_card.views.files.render", "text/"),
        ("securelogin.security_card.card._values_in", "text/"),
    ],
)
def test_no_secret_is_in_a_report_when_the_drawing_breaks(
    target: str,
    part: str,
    jane: User,
    secrets: Canaries,
    reports: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("broken here")

    client = factories.client_with_code(jane)
    client.raise_request_exception = False
    path = client.post(CARD)["Location"]
    monkeypatch.setattr(target, breaks)
    assert client.get(f"{path}{part}").status_code == 500
    check(secrets, reports, 1)
