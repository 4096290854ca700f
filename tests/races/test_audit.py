"""The audit trail on PostgreSQL: one client's events in line, different clients' side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from securelogin import append_only, proof, verification
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import AuditAnchor, SecurityEvent, iter_usable_devices
from securelogin.security_card.models import Activation
from securelogin.temporary_code.issuing import Reason
from tests import factories
from tests.races import THREADS
from tests.races.conftest import PATIENCE
from tests.races.test_deadlocks import deadlocks
from tests.securelogin.audit import TAMPERING, as_the_owner, execute

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
EACH = 5


def faults() -> list[str]:
    """What is wrong with all events."""
    return list(verification.event_faults())


def test_events_of_one_client_are_numbered_without_a_gap(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")

    def act(number: int) -> None:
        for turn in range(EACH):
            with transaction.atomic():
                SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
                # Some are taken back: their places are free again.
                transaction.set_rollback((number + turn) % 3 == 0)

    at_once(act)
    numbers = list(SecurityEvent.objects.order_by("pk").values_list("sequence", flat=True))
    kept = sum((n + turn) % 3 != 0 for n in range(THREADS) for turn in range(EACH))
    assert numbers == list(range(1, kept + 1))
    assert faults() == []


def test_two_events_in_one_transaction_stay_together(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")

    def act(number: int) -> None:
        with transaction.atomic():
            SecurityEvent.objects.record(Event.DEVICE_FIRST_USED, jane, writer=number)
            SecurityEvent.objects.record(Event.SIGN_IN_COMPLETED, jane, writer=number)

    at_once(act)
    writers = [event.detail["writer"] for event in SecurityEvent.objects.order_by("sequence")]
    assert writers[::2] == writers[1::2]
    assert faults() == []


def test_clients_do_not_wait_for_each_other(at_once: AtOnce) -> None:
    """Each waits, with its event written and its transaction open, for all the others'."""
    people = [factories.make_user(f"client{number}") for number in range(THREADS)]
    written = threading.Barrier(THREADS)

    def act(number: int) -> None:
        with transaction.atomic():
            SecurityEvent.objects.record(Event.RECORD_OPENED, people[number])
            written.wait(PATIENCE)

    at_once(act)
    assert SecurityEvent.objects.count() == THREADS
    assert faults() == []


def test_a_flood_of_unknown_names_is_numbered_too(at_once: AtOnce) -> None:
    def act(number: int) -> None:
        browser = Client(REMOTE_ADDR=f"198.51.{number % 4}.77")
        browser.post("/login/", {"username": f"no.name{number}", "password": "x"})

    at_once(act)
    assert SecurityEvent.objects.filter(user=None).count() == THREADS
    assert SecurityEvent.objects.values("chain").distinct().count() <= 4
    assert faults() == []


def test_jobs_that_run_at_once_make_one_anchor(at_once: AtOnce) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, factories.make_user("jane.sample"))
    later = timezone.now() + timedelta(days=3)
    made = at_once(lambda _n: AuditAnchor.objects.make_due(later), 8)
    assert sum(len(anchors) for anchors in made) == AuditAnchor.objects.count() == 1
    assert list(verification.anchor_faults(later)) == []


# Deadlocks: an event makes others of the same client wait, so all lock in one order ---------


def somebody_waits() -> bool:
    """Whether a lock that another transaction holds is being waited for; patient."""
    for _ in range(PATIENCE * 20):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN "
                "(SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.05)
    return False


def test_a_lost_device_is_reported_while_another_one_logs_in(at_once: AtOnce) -> None:
    """The report ends the code, writes that down, and wants the card, which a login holds: which
    wants to write that it was accepted."""
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane)
    factories.make_code(jane)
    held, before = threading.Event(), deadlocks()

    def log_in(_number: int) -> None:
        with transaction.atomic():
            device = next(iter_usable_devices(jane, timezone.now(), lock=True))
            held.set()
            assert somebody_waits()
            assert device.verify_token(answers[1])

    def report(_number: int) -> None:
        held.wait(PATIENCE)
        factories.make_code(jane, Reason.LOST)

    at_once(lambda number: (log_in, report)[number](number), 2)
    card.refresh_from_db()
    assert card.end_reason == EndReason.REPORTED_LOST
    assert deadlocks() == before
    assert faults() == []


def test_sessions_are_ended_while_a_card_is_activated(at_once: AtOnce) -> None:
    """The activation writes that down and wants the other sessions; their owner ends them, and
    wants to write that down."""
    jane = factories.make_user("jane.sample")
    factories.client_with_code(jane)
    code = jane.temporarycodes.get()
    card, answers = factories.make_card(jane, code=code, active=False)
    active, before = threading.Event(), deadlocks()

    def activate(_number: int) -> None:
        with transaction.atomic():
            assert card.activate(answers[0]) is Activation.DONE
            active.set()
            assert somebody_waits()
            jane.sessions.all().delete()

    def end(_number: int) -> None:
        active.wait(PATIENCE)
        assert Session.objects.of(jane).end(jane) == 0

    at_once(lambda number: (activate, end)[number](number), 2)
    assert deadlocks() == before
    assert faults() == []


def test_the_password_is_changed_while_another_session_proves_both_factors(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write an event and renew or end that session: in this order, both of them."""
    jane = factories.make_user("jane.sample")
    _code, digits = factories.make_code(jane)
    client = Client()
    factories.sign_in(client, jane, digits)
    session = client.session
    session[proof.PROVEN_AT_KEY] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    renewed, before = threading.Event(), deadlocks()

    def note(request: HttpRequest) -> None:
        renewed.set()
        assert somebody_waits()

    def prove(_number: int) -> int:
        typed = {"password": factories.PASSWORD, "temporary_code": digits}
        return client.post("/login/confirm/", typed).status_code

    def change(_number: int) -> bool:
        renewed.wait(PATIENCE)
        return User.objects.get(pk=jane.pk).change_password("another-lantern-78")

    monkeypatch.setattr(proof, "note", note)
    assert at_once(lambda number: (prove, change)[number](number), 2) == [302, True]
    assert deadlocks() == before
    assert faults() == []


# Triggers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        *TAMPERING,
        "TRUNCATE securelogin_securityevent",
        "TRUNCATE accounts_user CASCADE",
        "TRUNCATE securelogin_auditanchor",
        "SET LOCAL session_replication_role = replica; DELETE FROM securelogin_securityevent",
        "INSERT INTO securelogin_securityevent SELECT * FROM securelogin_securityevent "
        "ON CONFLICT (id) DO UPDATE SET title = 'x'",
    ],
)
def test_sql_that_changes_or_removes_is_refused(statement: str) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, factories.make_user("jane.sample"))
    AuditAnchor.objects.create(day=date(2026, 3, 2), events=1, until=1, key_id="k", digest=b"d")
    before = list(SecurityEvent.objects.values_list()), list(AuditAnchor.objects.values_list())
    with pytest.raises(DatabaseError, match="append-only"):
        execute(statement)
    after = list(SecurityEvent.objects.values_list()), list(AuditAnchor.objects.values_list())
    assert after == before


def test_a_trigger_that_was_dropped_or_switched_off_is_told() -> None:
    assert append_only.missing(connection) == []
    with as_the_owner():
        assert append_only.missing(connection) == [
            f"{table}_append_only" for table in sorted(append_only.TABLES)
        ]
    events = append_only.TABLES[0]
    execute(f"ALTER TABLE {events} DISABLE TRIGGER USER")
    assert append_only.missing(connection) == [f"{events}_append_only"]
    execute(f"ALTER TABLE {events} ENABLE ALWAYS TRIGGER {events}_append_only")


def test_what_the_owner_does_is_found_all_the_same() -> None:
    jane = factories.make_user("jane.sample")
    for _ in range(3):
        event = SecurityEvent.objects.record(Event.RECORD_OPENED, jane, note="as it was")
    with as_the_owner():
        SecurityEvent.objects.filter(pk=event.pk).update(detail={"note": "as I like it"})
        SecurityEvent.objects.filter(sequence=1).delete()
    missing, changed = faults()
    assert missing == f"client-{jane.pk}, event 1: is missing."
    assert changed.startswith(f"client-{jane.pk}, event 3 ({event.reference}): was changed")
