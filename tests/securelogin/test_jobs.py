"""``manage.py run_jobs``: at any time, any number of times, with the same outcome."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, Notice, SecurityEvent, factor_key
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
