"""Whoever knows the password and never answers the second step is noticed."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from securelogin import batches, notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.securelogin.clock import Clock

pytestmark = pytest.mark.django_db
# One more than the question may be answered.
LATER = timedelta(minutes=6)


def leave_alone(user: User, clock: Clock, times: int) -> None:
    """Right passwords from new browsers, and nothing more until their time is over."""
    for _time in range(times):
        answer = Client().post(
            "/login/", {"username": user.username, "password": factories.PASSWORD}
        )
        assert answer.status_code == 302
        clock.shift(LATER)


def alarms(user: User) -> int:
    """How often owner and desk were told, when the job has run."""
    call_command("run_jobs", stdout=StringIO())
    return told(user)


def told(user: User) -> int:
    """How often they were told until now."""
    events = SecurityEvent.objects.filter(user=user, kind=Event.CHALLENGES_UNANSWERED).count()
    assert Notice.objects.filter(user=user, kind="challenges_unanswered").count() == events
    return events


def test_five_questions_left_alone_tell_the_owner_and_the_desk_once(
    jane: User,
    clock: Clock,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    factories.make_card(jane)
    leave_alone(jane, clock, policy().unanswered_alert - 1)
    assert alarms(jane) == 0
    mail.outbox.clear()
    leave_alone(jane, clock, 1)
    with django_capture_on_commit_callbacks(execute=True):
        assert alarms(jane) == 1
    (sent,) = mail.outbox
    assert sent.subject == "Somebody knows your password"
    assert "5 times within 24 hours" in " ".join(str(sent.body).split())
    leave_alone(jane, clock, 2 * policy().unanswered_alert)
    assert alarms(jane) == 1


def test_the_newest_question_may_still_be_answered(jane: User, clock: Clock) -> None:
    leave_alone(jane, clock, policy().unanswered_alert)
    clock.shift(-LATER)
    assert alarms(jane) == 0


def test_a_completed_login_ends_the_series(jane: User, clock: Clock) -> None:
    _row, digits = factories.make_code(jane)
    leave_alone(jane, clock, policy().unanswered_alert - 1)
    factories.sign_in(Client(), jane, digits)
    leave_alone(jane, clock, policy().unanswered_alert - 1)
    assert alarms(jane) == 0
    leave_alone(jane, clock, 1)
    assert alarms(jane) == 1


def test_a_series_is_told_though_the_owner_logs_in_before_the_job_sees_it(
    jane: User, clock: Clock
) -> None:
    _row, digits = factories.make_code(jane)
    leave_alone(jane, clock, policy().unanswered_alert)
    assert factories.sign_in(Client(), jane, digits)["Location"] == "/home/"
    assert alarms(jane) == 1
    clock.shift(LATER)
    assert alarms(jane) == 1


def test_after_a_completed_login_a_new_series_is_told_again(jane: User, clock: Clock) -> None:
    _row, digits = factories.make_code(jane)
    leave_alone(jane, clock, policy().unanswered_alert)
    assert alarms(jane) == 1
    factories.sign_in(Client(), jane, digits)
    leave_alone(jane, clock, policy().unanswered_alert)
    assert alarms(jane) == 2


def test_a_day_later_they_no_longer_count(jane: User, clock: Clock) -> None:
    for _time in range(policy().unanswered_alert):
        leave_alone(jane, clock, 1)
        clock.shift(timedelta(hours=6))
    assert alarms(jane) == 0


def test_others_are_not_counted(jane: User, mallory: User, clock: Clock) -> None:
    for _time in range(policy().unanswered_alert - 1):
        leave_alone(jane, clock, 1)
        leave_alone(mallory, clock, 1)
    assert alarms(jane) == alarms(mallory) == 0


def test_one_client_whose_alarm_fails_keeps_nobody_from_theirs(
    jane: User,
    mallory: User,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = sorted((jane, mallory), key=lambda user: user.pk)
    for user in (first, second):
        leave_alone(user, clock, policy().unanswered_alert)
    queue = notices.queue

    def fails_for_the_first(kind: str, user: User, **more: Any) -> bool:
        if user == first:
            raise ValueError("something is wrong with this client")
        return queue(kind, user, **more)

    with monkeypatch.context() as patched:
        patched.setattr(notices, "queue", fails_for_the_first)
        assert (alarms(second), told(first)) == (1, 0)
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert (alarms(first), told(second)) == (1, 1)


def test_a_run_tells_so_many_and_the_next_goes_on(
    jane: User, mallory: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (jane, mallory):
        leave_alone(user, clock, policy().unanswered_alert)
    monkeypatch.setattr(batches, "SIZE", 1)
    monkeypatch.setattr(batches, "MOST", 1)
    assert alarms(jane) + told(mallory) == 1
    assert alarms(jane) == told(mallory) == 1
