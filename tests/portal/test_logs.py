"""Every line of the logs is one JSON object, whatever a stranger put into it."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from portal.logs import APP_ID, JsonFormatter

LINE_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def record(words: str, *args: object, **more: Any) -> logging.LogRecord:
    """As a logger makes it."""
    row = logging.LogRecord("django.request", logging.WARNING, "x.py", 1, words, args, None)
    row.__dict__ |= more
    return row


def formatted(row: logging.LogRecord) -> dict[str, Any]:
    """What the line says."""
    line: dict[str, Any] = json.loads(JsonFormatter().format(row))
    return line


def test_a_line_says_when_and_from_where() -> None:
    line = formatted(record("Not Found: %s", "/x"))
    moment = datetime.fromisoformat(line["datetime"])
    assert moment.utcoffset() == timedelta(0)
    assert datetime.now(UTC) - moment < timedelta(minutes=1)
    assert line | {"datetime": ""} == {
        "datetime": "",
        "appid": APP_ID,
        "level": "WARNING",
        "logger": "django.request",
        "description": "Not Found: /x",
        "request_id": "",
    }


def test_fields_are_added_and_win() -> None:
    line = formatted(record("x", fields={"event": "sensitive_read", "request_id": "1"}))
    assert (line["event"], line["request_id"]) == ("sensitive_read", "1")


def test_an_exception_stays_in_its_line() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        row = record("x", exc_info=sys.exc_info())
    text = JsonFormatter().format(row)
    assert len(text.splitlines()) == 1
    assert "ValueError: a\nb" in json.loads(text)["traceback"]


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from(LINE_BREAKS)))
def test_nothing_that_is_logged_begins_a_line_of_its_own(text: str) -> None:
    written = JsonFormatter().format(record("%s", text, fields={"x": {text: text}}))
    assert len(written.splitlines()) == 1
    assert written.isascii()
    assert json.loads(written)["description"] == text


def test_a_line_break_in_an_address_and_in_a_header_stays_inside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    monkeypatch.setattr(logging.root, "handlers", [handler])
    forged = 'x\r\n{"event": "authn_login_success"}'
    response = Client(headers={"User-Agent": forged}, raise_request_exception=False).get(
        "/no%0d%0asuch%0d%0apage/"
    )
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["logger"] == "django.request"
    assert json.loads(line)["request_id"] == response["X-Request-ID"]


LOGGING: dict[str, Any] = settings.LOGGING
LOGGERS = LOGGING["loggers"]


def test_only_two_streams_are_written_to_both_in_json() -> None:
    """ASVS 16.2.3: every sink is known. The audit trail's is stdout, and its alone."""
    handlers = LOGGING["handlers"]
    assert {handler["formatter"] for handler in handlers.values()} == {"json"}
    assert {handler["class"] for handler in handlers.values()} == {"logging.StreamHandler"}
    used = {name: given["handlers"] for name, given in LOGGERS.items() if "handlers" in given}
    assert used == {"securelogin.audit": ["stdout"]}
    assert LOGGERS["securelogin.audit"]["propagate"] is False
    assert handlers["stdout"]["stream"] == "ext://sys.stdout"


def test_the_level_of_the_demo_hides_the_audit_trail() -> None:
    assert LOGGERS["securelogin.audit"]["level"] == settings.LOG_LEVEL
