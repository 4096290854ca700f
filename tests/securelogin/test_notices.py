"""Security mails: written with the change, sent after it, never twice, never in its way."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import User
from securelogin import notices
from securelogin.lifecycle import EndReason
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.mail_server import MailServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def run_jobs() -> None:
    """As the timer does."""
    call_command("run_jobs", stdout=StringIO())


def test_a_mail_goes_out_after_the_commit_and_not_before(jane: User, server: MailServer) -> None:
    with transaction.atomic():
        factories.make_code(jane)
        assert Notice.objects.count() == 1
        assert server.sent == []
    assert server.sent == ["A Temporary Code was issued for your login"]
    notice = Notice.objects.get()
    assert (notice.sent_at, notice.attempts, notice.last_error) == (AUTUMN, 1, "")


def test_a_change_that_is_rolled_back_is_not_told(jane: User, server: MailServer) -> None:
    with transaction.atomic():
        factories.make_code(jane)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    assert server.sent == []


def test_a_mail_server_that_is_down_loses_no_change_and_no_mail(
    jane: User, server: MailServer, clock: Clock
) -> None:
    server.up = False
    code, digits = factories.make_code(jane)
    assert code.verify_token(digits)
    assert code.end(EndReason.CANCELLED_BY_STAFF)
    assert server.sent == []
    unsent = Notice.objects.filter(sent_at=None)
    assert [n.kind for n in unsent] == ["code_issued", "code_first_used", "device_cancelled"]
    server.up = True
    clock.shift(timedelta(hours=1))
    run_jobs()
    assert len(server.sent) == 3
    assert not unsent.all().exists()


def test_a_failure_keeps_the_class_of_the_error_and_none_of_its_words(
    jane: User, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.up = False
    factories.make_code(jane)
    notice = Notice.objects.get()
    assert notice.last_error == "SMTPServerDisconnected"
    assert "Client Services" not in caplog.text
    assert jane.email not in caplog.text


def test_a_mail_server_that_is_down_for_a_day_loses_no_mail(
    jane: User, server: MailServer, clock: Clock
) -> None:
    server.up = False
    factories.make_code(jane)
    for _ in range(24 * 12):
        clock.shift(timedelta(minutes=5))
        notices.retry()
    server.up = True
    clock.shift(timedelta(hours=24))
    run_jobs()
    assert server.sent == ["A Temporary Code was issued for your login"]


def test_no_mail_is_sent_twice(jane: User, server: MailServer, clock: Clock) -> None:
    factories.make_code(jane)
    notice = Notice.objects.get()
    assert notices.deliver.call(notice.pk) is False
    clock.shift(timedelta(hours=1))
    run_jobs()
    run_jobs()
    assert len(server.sent) == 1


def test_no_transaction_is_open_while_a_mail_is_sent(jane: User, server: MailServer) -> None:
    # On SQLite an open transaction keeps every other writer out, for as long as a slow mail
    # server takes.
    factories.make_code(jane)
    assert server.in_transaction == [False]


def test_after_the_last_attempt_a_mail_stays_on_record(
    jane: User, server: MailServer, clock: Clock
) -> None:
    server.up = False
    factories.make_code(jane)
    for _ in range(20):
        clock.shift(timedelta(days=10))
        notices.retry()
    notice = Notice.objects.get()
    assert (notice.attempts, notice.sent_at) == (12, None)
    server.up = True
    clock.shift(timedelta(days=10))
    assert notices.retry() == 0


def test_a_client_without_an_address_is_on_record_as_not_told(
    jane: User, server: MailServer
) -> None:
    User.objects.update(email="")
    jane.refresh_from_db()
    code, digits = factories.make_code(jane)
    assert Notice.objects.get().last_error == "NoAddressError"
    assert code.verify_token(digits)


def test_a_queue_that_is_down_does_not_fail_the_change(
    jane: User, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_notice_id: int) -> None:
        raise OSError("no queue")

    monkeypatch.setattr(notices, "_hand_over", broken)
    code, _digits = factories.make_code(jane)
    assert code.pk
    monkeypatch.undo()
    assert notices.retry() == 1


def test_a_reminder_is_queued_once_for_its_key(jane: User, server: MailServer) -> None:
    with transaction.atomic():
        queued = [notices.queue("login_locked", jane, key="k", until="") for _ in range(3)]
    assert queued == [True, False, False]
    assert len(server.sent) == 1


def test_a_notice_gives_the_reference_of_its_event(jane: User, server: MailServer) -> None:
    factories.make_code(jane)
    event = SecurityEvent.objects.earliest("pk")
    assert Notice.objects.get().context["reference"] == event.reference
    assert str(Notice.objects.get()) == f"code_issued for {jane.pk}"
