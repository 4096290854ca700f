"""``manage.py run_jobs``: at any time, any number of times, with the same outcome."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import Session, User
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import AuditAnchor, Failures, Notice, SecurityEvent, factor_key
from securelogin.policy import Policy
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def run(*args: str) -> dict[str, int]:
    """What the job says that it did."""
    out = StringIO()
    call_command("run_jobs", *args, stdout=out)
    said = (line.rsplit(": ", 1) for line in out.getvalue().splitlines())
    return {what: int(count) for what, count in said}


def told(kind: str) -> int:
    """How many notices of a kind there are."""
    return Notice.objects.filter(kind=kind).count()


def test_it_stamps_what_has_run_out_to_the_second(jane: User, clock: Clock) -> None:
    code, _digits = factories.make_code(jane)
    clock.move_to(AUTUMN + timedelta(days=12) - SECOND)
    assert run()["Temporary Codes ended"] == 0
    clock.shift(SECOND)
    assert run()["Temporary Codes ended"] == 1
    assert run()["Temporary Codes ended"] == 0
    code.refresh_from_db()
    assert (code.end_reason, code.ended_by) == (EndReason.EXPIRED, None)
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_ENDED).count() == 1
    assert told("code_ended") == 1


def test_it_stamps_a_card_that_was_not_activated_in_time(jane: User, clock: Clock) -> None:
    card, _answers = factories.make_card(jane, active=False)
    clock.shift(timedelta(hours=24))
    run()
    card.refresh_from_db()
    assert card.end_reason == EndReason.NOT_ACTIVATED
    assert bytes(card.answers) == b""


def test_it_deletes_what_retention_allows_and_keeps_the_events(jane: User, clock: Clock) -> None:
    card, _answers = factories.make_card(jane)
    card.end(EndReason.CANCELLED_BY_STAFF)
    Failures.objects.record("network:1", Policy().crowd_limit)
    # A second factor's wrong answers count together until a success.
    Failures.objects.record(factor_key(jane.pk), Policy().factor_limit)
    Notice.objects.update(sent_at=timezone.now())
    events = SecurityEvent.objects.count()
    clock.shift(timedelta(hours=23))
    assert run()["old failure counts deleted"] == 0
    clock.move_to(AUTUMN + timedelta(days=91))
    done = run()
    assert done["old failure counts deleted"] == 1
    assert done["old notices deleted"] > 2
    assert SecurityCard.objects.exists()
    clock.move_to(AUTUMN + timedelta(days=401))
    would = run("--dry-run")
    assert (
        would["old Temporary Codes to delete"]
        == would["old Online Security Code Cards to delete"]
        == 1
    )
    assert SecurityCard.objects.exists()
    run()
    assert not SecurityCard.objects.exists()
    assert not TemporaryCode.objects.exists()
    assert SecurityEvent.objects.count() == events
    assert not any(run().values())


def test_a_mail_that_was_never_sent_is_not_kept_for_ever(jane: User, clock: Clock) -> None:
    User.objects.update(email="")
    factories.make_code(jane)
    for _ in range(20):
        clock.shift(timedelta(days=10))
        run()
    assert not Notice.objects.filter(kind="code_issued").exists()


def test_a_step_that_fails_leaves_the_others_their_work(
    jane: User, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_now: object) -> int:
        raise ValueError

    code, _digits = factories.make_code(jane)
    clock.shift(timedelta(days=12))
    monkeypatch.setattr(AuditAnchor.objects, "make_due", broken)
    with pytest.raises(CommandError, match=r"Failed: audit anchors made\."):
        run()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "audit anchors made: failed"
    ]
    code.refresh_from_db()
    assert code.end_reason == EndReason.EXPIRED
    clock.shift(timedelta(days=401))
    with pytest.raises(CommandError):
        run()
    assert not TemporaryCode.objects.exists()


def test_one_device_that_cannot_be_ended_keeps_no_other_from_its_end(
    jane: User, mallory: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [factories.make_code(user)[0] for user in (jane, mallory)]
    end = TemporaryCode.end

    def only_hers(code: TemporaryCode, *args: Any) -> bool:
        if code.user_id == jane.pk:
            raise ValueError
        return end(code, *args)

    monkeypatch.setattr(TemporaryCode, "end", only_hers)
    clock.shift(timedelta(days=12))
    assert run()["Temporary Codes ended"] == 1
    for code in codes:
        code.refresh_from_db()
    assert [code.end_reason for code in codes] == ["", EndReason.EXPIRED]


def test_what_was_reminded_of_is_not_asked_for_again(
    jane: User, mallory: User, clock: Clock
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            run()
        return len(queries)

    for user in (jane, mallory):
        factories.make_card(user)
    run()
    idle = statements()
    clock.shift(timedelta(days=17))
    assert run()["Online Security Code Cards reminders"] == 2
    assert statements() == idle


def test_tasks_that_are_done_are_kept_for_a_week(jane: User, clock: Clock) -> None:
    DBTaskResult.objects.create(
        status="SUCCESSFUL",
        args_kwargs={"args": [1], "kwargs": {}},
        task_path="securelogin.notices.deliver",
        backend_name="default",
        run_after=AUTUMN,
        finished_at=AUTUMN,
        exception_class_path="",
        traceback="",
    )
    clock.shift(timedelta(days=7))
    assert run()["old tasks deleted"] == 0
    clock.shift(SECOND)
    assert run()["old tasks deleted"] == 1


def test_an_open_device_is_never_deleted(jane: User, clock: Clock) -> None:
    factories.make_card(jane)
    run()
    assert SecurityCard.objects.count() == 1


def test_it_deletes_sessions_that_are_over(jane: User, clock: Clock) -> None:
    client = factories.client_with_code(jane)
    stays = Client()
    clock.shift(timedelta(minutes=10))
    stays.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    clock.shift(timedelta(minutes=6))
    run("--dry-run")
    assert Session.objects.filter(session_key=client.session.session_key).exists()
    run()
    assert list(Session.objects.values_list("session_key", flat=True)) == [
        stays.cookies["sid"].value
    ]
