"""Reminders: each once, on time, and none too late."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User
from securelogin.models import Notice
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.mail_server import MailServer

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


def test_the_card_phase_of_a_code_is_announced_six_hours_before(jane: User, clock: Clock) -> None:
    factories.make_code(jane)
    for after, expected in ((41, 0), (42, 1), (43, 1), (47, 1), (49, 1)):
        clock.move_to(AUTUMN + timedelta(hours=after))
        run()
        run()
        assert told("code_limited_soon") == expected


def test_it_is_not_announced_when_a_card_is_active(jane: User, clock: Clock) -> None:
    factories.make_card(jane)
    clock.shift(timedelta(hours=43))
    run()
    assert told("code_limited_soon") == 0


def test_a_waiting_card_is_remembered_after_an_hour(jane: User, clock: Clock) -> None:
    factories.make_card(jane, active=False)
    for minutes, expected in ((59, 0), (60, 1), (300, 1)):
        clock.move_to(AUTUMN + timedelta(minutes=minutes))
        run()
        assert told("card_waiting") == expected


def test_the_end_of_a_card_is_announced_five_days_and_one_day_before(
    jane: User, clock: Clock
) -> None:
    factories.make_card(jane)
    end = AUTUMN + timedelta(days=21)
    steps = [(5 * 24 + 1, 0), (5 * 24, 1), (30, 1), (24, 2), (2, 2), (0, 2)]
    for hours, expected in steps:
        clock.move_to(end - timedelta(hours=hours))
        run()
        run()
        assert told("card_ending") == expected
    assert told("card_ended") == 1


def test_the_job_says_how_many_it_queued(jane: User, mallory: User, clock: Clock) -> None:
    for client in (jane, mallory):
        factories.make_card(client)
    clock.shift(timedelta(days=16, minutes=1))
    assert run()["Online Security Code Cards reminders"] == 2


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_loses_no_reminder_and_sends_none_twice(
    jane: User, mallory: User, server: MailServer, clock: Clock
) -> None:
    factories.make_card(jane)
    factories.make_card(mallory, active=False)
    server.sent.clear()
    server.up = False
    clock.shift(timedelta(hours=2))
    done = run()
    assert (done["Online Security Code Cards reminders"], server.sent) == (1, [])
    clock.move_to(AUTUMN + timedelta(days=16, minutes=1))
    done = run()
    assert (done["Online Security Code Cards reminders"], server.sent) == (1, [])
    server.up = True
    for _ in range(3):
        clock.shift(timedelta(hours=1))
        run()
    for subject in ("is not active yet", "ends on 14 November 2025"):
        assert sum(subject in sent for sent in server.sent) == 1, server.sent


def test_a_reminder_that_was_missed_is_not_sent_late(jane: User, clock: Clock) -> None:
    factories.make_card(jane)
    clock.shift(timedelta(days=20, hours=12))
    run()
    (notice,) = Notice.objects.filter(kind="card_ending")
    assert notice.context["days"] == 1
