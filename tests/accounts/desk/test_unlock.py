"""Unlocking: what is lifted, what is left alone, and who may do it alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.password_throttle import pauses_of
from accounts.unlocking import NotLockedError, locks_of, risks_of_unlock, unlock
from securelogin.conf import policy
from securelogin.desk.models import ApprovalOverError, IdentityCheck, NotAllowedError
from securelogin.desk.rules import ApprovalState
from securelogin.desk.warrant import ApprovalNeededError
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, Notice, SecurityEvent, factor_key
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.accounts.desk.locks import approved, pause
from tests.securelogin.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
MINUTE = timedelta(minutes=1)


def do_unlock(agent: User, client: User, **more: Any) -> SecurityEvent:
    """On a document seen, unless the test says otherwise."""
    if "check" not in more:
        more["check"] = factories.make_check(agent, client)
    return unlock(client, by=agent, reason="Mistyped", ticket="T-7", **more)


# What it does -----------------------------------------------------------------------------------


def test_it_lifts_the_lock_of_the_second_step_and_its_waits(sam: User, locked: User) -> None:
    do_unlock(sam, locked)
    assert not locks_of(locked)
    assert not Failures.objects.filter(key=factor_key(locked.pk)).exists()
    code = TemporaryCode.objects.get()
    assert (code.locked_until, code.wait_seconds, code.attempts_left) == (None, 0, 10)


def test_it_lifts_a_lock_that_only_the_desk_can_end(sam: User, jane: User) -> None:
    """NIST SP 800-63B-4 3.2.2: a hundred failures in all."""
    factories.make_code(jane)
    Failures.objects.create(key=factor_key(jane.pk), total=policy().factor_ceiling, count=1)
    assert locks_of(jane).second_step
    do_unlock(sam, jane)
    assert not locks_of(jane)


def test_it_lifts_the_pauses_of_this_user_name_and_of_no_other(
    sam: User, jane: User, mallory: User
) -> None:
    pause(jane)
    pause(jane, "203.0.113.9")
    pause(mallory)
    do_unlock(sam, jane)
    assert pauses_of(jane.username) == []
    assert pauses_of(mallory.username)
    client = Client(REMOTE_ADDR="198.51.100.7")
    fields = {"username": jane.username, "password": factories.PASSWORD}
    assert client.post("/login/", fields).status_code == 302


def test_the_client_can_log_in_again_with_what_there_was(sam: User, locked: User) -> None:
    before = TemporaryCode.objects.values("digest", "salt", "expires_at").get()
    password = User.objects.get(pk=locked.pk).password
    do_unlock(sam, locked)
    assert TemporaryCode.objects.values("digest", "salt", "expires_at").get() == before
    assert User.objects.get(pk=locked.pk).password == password


def test_after_a_hundred_wrong_answers_what_was_guessed_at_ends(sam: User, locked: User) -> None:
    while not locks_of(locked).is_for_good:
        Failures.objects.record(factor_key(locked.pk), policy().factor_limit)
    do_unlock(sam, locked)
    assert TemporaryCode.objects.get().end_reason == EndReason.CANCELLED_BY_STAFF
    assert Failures.objects.of_factor(locked.pk) is None


def test_the_timeline_says_who_why_on_what_and_what_was_lifted(sam: User, locked: User) -> None:
    pause(locked)
    event = do_unlock(sam, locked)
    assert (event.kind, event.user, event.actor) == (Event.LOGIN_UNLOCKED, locked, sam)
    assert event.detail == {
        "reason": "Mistyped",
        "ticket": "T-7",
        "lifted": "second_step, password",
        "evidence": "document",
    }


def test_the_call_is_closed_with_it(sam: User, locked: User) -> None:
    do_unlock(sam, locked)
    assert IdentityCheck.objects.current(sam, locked, timezone.now()) is None


def test_the_client_is_told(
    sam: User, locked: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        event = do_unlock(sam, locked)
    (message,) = mail.outbox
    assert message.subject == "Your login was unlocked"
    assert event.reference in message.body
    assert "Mistyped" not in message.body
    assert locked.username not in message.body


def test_nothing_to_lift_is_an_error_and_uses_nothing_up(sam: User, sue: User, jane: User) -> None:
    check = factories.make_check(sam, jane)
    with pytest.raises(NotLockedError):
        do_unlock(sam, jane, check=check)
    assert check.evidence
    assert IdentityCheck.objects.current(sam, jane, timezone.now()) == check
    assert not SecurityEvent.objects.filter(kind=Event.LOGIN_UNLOCKED).exists()
    assert not Notice.objects.filter(kind="login_unlocked").exists()


def test_the_second_of_two_agents_finds_nothing_left(sam: User, sue: User, locked: User) -> None:
    do_unlock(sam, locked)
    with pytest.raises(NotLockedError):
        do_unlock(sue, locked)


# Who may alone ----------------------------------------------------------------------------------


def test_a_lock_is_no_risk_for_unlocking(sam: User, locked: User) -> None:
    check = factories.make_check(sam, locked)
    assert risks_of_unlock(locked, timezone.now(), check) == []


def test_without_evidence_a_second_person_has_to_agree(sam: User, locked: User) -> None:
    with pytest.raises(ApprovalNeededError) as needed:
        do_unlock(sam, locked, check=None)
    assert [risk.name for risk in needed.value.risks] == ["no_evidence"]
    assert locks_of(locked)


@pytest.mark.parametrize(("days", "needed"), [(6, True), (7, False), (8, False)])
def test_the_second_within_seven_days_needs_a_second_person(
    sam: User, locked: User, clock: Clock, days: int, needed: bool
) -> None:
    do_unlock(sam, locked)
    clock.shift(timedelta(days=days))
    check = factories.make_check(sam, locked)
    names = [risk.name for risk in risks_of_unlock(locked, timezone.now(), check)]
    assert names == (["second_unlock"] if needed else [])


def test_with_an_approval_it_is_done_and_says_by_whom(sam: User, sue: User, locked: User) -> None:
    approval = approved(sam, locked, sue)
    event = do_unlock(sam, locked, check=None, approval=approval)
    assert event.detail["approved_by"] == "sue.senior"
    assert "evidence" not in event.detail
    approval.refresh_from_db()
    assert approval.state is ApprovalState.USED


def test_an_approval_is_good_for_exactly_what_was_approved(
    sam: User, sue: User, locked: User
) -> None:
    other = approved(sam, locked, sue, why="Something else")
    with pytest.raises(NotAllowedError):
        do_unlock(sam, locked, check=None, approval=other)
    with pytest.raises(NotAllowedError):
        do_unlock(sue, locked, check=None, approval=approved(sam, locked, sue))
    assert locks_of(locked)


def test_a_risk_that_nobody_knew_of_needs_a_new_request(sam: User, sue: User, locked: User) -> None:
    approval = approved(sam, locked, sue)
    check = factories.make_check(sam, locked)
    check.note_pressure()
    with pytest.raises(ApprovalNeededError) as needed, transaction.atomic():
        do_unlock(sam, locked, check=check, approval=approval)
    assert [risk.name for risk in needed.value.risks] == ["pressure"]
    approval.refresh_from_db()
    assert approval.state is ApprovalState.APPROVED
    assert locks_of(locked)


def test_an_approval_that_is_over_unlocks_nothing(
    sam: User, sue: User, locked: User, clock: Clock
) -> None:
    approval = approved(sam, locked, sue)
    clock.shift(10 * MINUTE)
    with pytest.raises(ApprovalOverError):
        do_unlock(sam, locked, check=None, approval=approval)
    assert locks_of(locked)
