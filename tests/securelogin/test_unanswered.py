"""Whoever knows the password and never answers the second step is noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.securelogin.clock import Clock

pytestmark = pytest.mark.django_db


def enter_password(user: User) -> None:
    """A right password from a new browser, and nothing more."""
    answer = Client().post("/login/", {"username": user.username, "password": factories.PASSWORD})
    assert answer.status_code == 302


def alarms(user: User) -> int:
    """How often owner and desk were told."""
    events = SecurityEvent.objects.filter(user=user, kind=Event.CHALLENGES_UNANSWERED).count()
    assert Notice.objects.filter(user=user, kind="challenges_unanswered").count() == events
    return events


def test_five_questions_left_alone_tell_the_owner_and_the_desk_once(
    jane: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    factories.make_card(jane)
    for _time in range(policy().unanswered_alert):
        enter_password(jane)
    assert alarms(jane) == 0  # the newest may still be answered
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        enter_password(jane)
    assert alarms(jane) == 1
    (told,) = mail.outbox
    assert told.subject == "Somebody knows your password"
    assert "5 times within 24 hours" in " ".join(str(told.body).split())
    for _time in range(20):
        enter_password(jane)
    assert alarms(jane) == 1


def test_a_completed_login_ends_the_series(jane: User) -> None:
    _row, digits = factories.make_code(jane)
    for _time in range(policy().unanswered_alert):
        enter_password(jane)
    factories.sign_in(Client(), jane, digits)
    assert alarms(jane) == 1  # the completed one came after five that were not
    for _time in range(policy().unanswered_alert):
        enter_password(jane)
    assert alarms(jane) == 1


def test_a_day_later_they_no_longer_count(jane: User, clock: Clock) -> None:
    for _time in range(policy().unanswered_alert):
        enter_password(jane)
        clock.shift(timedelta(hours=5))
    enter_password(jane)
    assert alarms(jane) == 0


def test_others_are_not_counted(jane: User, mallory: User) -> None:
    for _time in range(policy().unanswered_alert):
        enter_password(jane)
        enter_password(mallory)
    assert alarms(jane) == alarms(mallory) == 0


def test_while_all_is_well_it_costs_one_query(jane: User) -> None:
    from securelogin import unanswered

    with CaptureQueriesContext(connection) as queries:
        unanswered.watch(jane)
    assert len(queries) == 1
