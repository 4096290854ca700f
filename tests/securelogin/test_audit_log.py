"""The audit trail's lines in the log: the fields that ASVS 16.2 asks for, in words OWASP chose."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from portal.logs import JsonFormatter
from securelogin import audit
from securelogin.events import Event
from securelogin.models import AuditAnchor, SecurityEvent
from tests import factories

pytestmark = pytest.mark.django_db
Captured = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

# OWASP Logging Vocabulary Cheat Sheet, as far as a portal like this can mean it.
VOCABULARY = {
    "authn_login_success",
    "authn_login_fail",
    "authn_login_fail_max",
    "authn_login_lock",
    "authn_password_change",
    "authn_password_change_fail",
    "authn_token_created",
    "authn_token_revoked",
    "authz_admin",
    "authz_change",
    "authz_fail",
    "sensitive_read",
    "sequence_fail",
    "session_expired",
    "session_renewed",
    "user_updated",
}
# It has no word for one factor of two, for a forgotten password, and for mail.
OUR_OWN = {
    "authn_factor_success",
    "authn_factor_fail",
    "authn_password_reset",
    "notice_sent",
    "notice_fail",
}

# Field -> what it has to look like, as text.
SCHEMA = {
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00",
    "appid": "secure-login-portal",
    "level": "INFO",
    "logger": r"securelogin\.audit",
    "description": r"[A-Z].+",
    "event": "|".join(sorted(VOCABULARY | OUR_OWN)),
    "kind": r"[a-z_]+:[a-z_]+",
    "result": "success|failure",
    "client": r"\d+|None",
    "actor": r"\d+|None",
    "network": r"[0-9a-f.:]+/\d+|",
    "browser": r"[A-Za-z ]*",
    "request_id": r"[0-9a-f]{16}|",
    "device": r"[a-z_.]+/\d+|",
    "device_type": r"[a-z_.]*",
    "reference": r"[A-Z]\d-\d{4}",
    "facts": r"\{.*\}",
    "chain": r"client-\d+|nobody-\d\d",
    "sequence": r"[1-9]\d*",
    "digest": r"[0-9a-f]{64}",
}


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the audit trail's log writes, as the settings format it."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    audit.logger.addHandler(handler)
    yield out
    audit.logger.removeHandler(handler)


def lines(log: StringIO) -> list[dict[str, Any]]:
    """Each line, as an object."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def conforms(line: dict[str, Any]) -> bool:
    """Every field of the schema, in its form, and no other."""
    assert line.keys() == SCHEMA.keys()
    for name, pattern in SCHEMA.items():
        assert re.fullmatch(pattern, str(line[name])), (name, line[name])
    return True


@pytest.mark.parametrize("event", Event)
def test_every_event_has_a_word_and_a_result(event: Event, jane: User) -> None:
    assert event.owasp in VOCABULARY | OUR_OWN
    refused = re.search("refused|paused|:locked|unanswered|not_seen|given_up", event.value)
    assert event.is_refusal == bool(refused)
    conforms({**dict.fromkeys(SCHEMA, ""), **_line(SecurityEvent.objects.record(event, jane))})


def _line(event: SecurityEvent) -> dict[str, Any]:
    row = logging.LogRecord(
        "securelogin.audit", logging.INFO, "", 0, event.get_kind_display(), (), None
    )
    row.fields = event.log_fields()
    line: dict[str, Any] = json.loads(JsonFormatter().format(row))
    return line


def test_a_login_is_logged_line_by_line(
    jane: User, log: StringIO, django_capture_on_commit_callbacks: Captured
) -> None:
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="198.51.100.77")
    with django_capture_on_commit_callbacks(execute=True):
        _card, answers = factories.make_card(jane)
        client.post("/login/", {"username": "no.such.name", "password": "x"})
        password = client.post(
            "/login/", {"username": jane.username, "password": factories.PASSWORD}
        )
        client.post("/login/verify/", {"card_values": answers[1]})
        client.post("/logout/")
    written = [line for line in lines(log) if conforms(line) and line["browser"]]
    assert [line["event"] for line in written] == [
        "authn_login_fail",
        "authn_factor_success",
        "authn_factor_success",
        "authn_login_success",
        "session_expired",
    ]
    failed, accepted, _first_use, done, _out = written
    assert (failed["client"], failed["actor"], failed["result"]) == (None, None, "failure")
    assert accepted["request_id"] == password["X-Request-ID"]
    assert done["request_id"] not in {"", accepted["request_id"]}
    assert (done["client"], done["actor"], done["result"]) == (jane.pk, jane.pk, "success")
    assert (done["network"], done["browser"]) == ("198.51.100.0/24", "Firefox")
    event = SecurityEvent.objects.get(kind=Event.SIGN_IN_COMPLETED)
    assert done["device"] == event.device
    assert event.device.startswith(f"{done['device_type']}/")
    assert done["reference"] == event.reference
    assert done["request_id"] == event.request_id
    assert done["digest"] == bytes(event.digest).hex()
    assert datetime.fromisoformat(done["datetime"]) == event.at


def test_what_is_taken_back_is_not_logged(
    jane: User, log: StringIO, django_capture_on_commit_callbacks: Captured
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
            transaction.set_rollback(True)
        assert log.getvalue() == ""
        SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    assert [line["sequence"] for line in lines(log)] == [1]


def test_what_a_person_typed_stays_in_the_data_base(jane: User) -> None:
    event = SecurityEvent.objects.record(
        Event.DEVICE_ENDED,
        jane,
        reason="the caller said 402517",
        note="402517",
        ticket="T-1",
        failures=3,
        override=True,
    )
    assert event.log_fields()["facts"] == {"ticket": "T-1", "failures": 3, "override": True}


def test_nothing_is_formatted_for_a_level_that_hides_it(
    jane: User, log: StringIO, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the demo, where LOG_LEVEL is WARNING."""
    caplog.set_level(logging.WARNING, logger=audit.logger.name)
    monkeypatch.delattr(SecurityEvent, "log_fields")
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane).log()
    assert log.getvalue() == ""


@pytest.mark.parametrize("name", SCHEMA)
def test_every_field_is_in_the_inventory(name: str) -> None:
    """ASVS 16.1.1: what is logged, where and in which form is written down."""
    page = (ROOT / "docs" / "operations.md").read_text()
    inventory = page[page.index("## Logs") : page.index("## Numbers of the policy")]
    assert f"`{name}`" in inventory


def test_an_anchor_leaves_the_machine_with_the_events(
    jane: User, log: StringIO, django_capture_on_commit_callbacks: Captured
) -> None:
    event = SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    with django_capture_on_commit_callbacks(execute=True):
        (anchor,) = AuditAnchor.objects.make_due(event.at + timedelta(days=2))
    (line,) = lines(log)
    assert (line["event"], line["anchor"]) == ("audit_anchor", anchor.line)
