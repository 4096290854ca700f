"""What every device type must do with wrong answers: wait, count, lock, and forget on success."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, LoginDevice, SecurityEvent, lift_waits
from securelogin.verdict import Verdict
from tests.securelogin.contract import LATER, TypeContract

pytestmark = pytest.mark.django_db


def events_of(device: LoginDevice) -> list[str]:
    """What the audit trail says of a device, oldest first."""
    rows = SecurityEvent.objects.filter(device=device.persistent_id).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_it_refuses_a_wrong_answer(contract: TypeContract, device: LoginDevice) -> None:
    assert not device.verify_token(contract.wrong(device))
    assert device.verdict is Verdict.WRONG
    assert device.attempts_left == 9
    event = SecurityEvent.objects.get(kind=Event.SIGN_IN_REFUSED)
    assert (event.user, event.device) == (device.user, device.persistent_id)


def test_it_does_not_look_at_an_answer_while_it_waits(
    contract: TypeContract, device: LoginDevice
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        device.verify_token(contract.wrong(device))
        for answer in (contract.wrong(device), contract.answer(device)):
            assert not device.verify_token(answer)
            assert device.verdict is Verdict.WAIT
        assert device.wait_seconds == 1
        assert device.attempts_left == 9
        clock.shift(LATER)
        assert device.verify_token(contract.answer(device))


def test_it_locks_at_the_tenth_wrong_answer_and_says_so(
    contract: TypeContract, device: LoginDevice
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(10):
            assert device.locked_until is None
            device.verify_token(contract.wrong(device))
            clock.shift(timedelta(minutes=10))
        assert device.verdict is Verdict.LOCKED
        assert events_of(device).count(Event.LOGIN_LOCKED) == 1
        assert not device.verify_token(contract.answer(device))
        assert device.verdict is Verdict.LOCKED
        clock.shift(timedelta(hours=24) - timedelta(minutes=10, seconds=1))
        assert not device.verify_token(contract.answer(device))
        clock.shift(timedelta(seconds=1))
        assert device.verify_token(contract.answer(device))


def test_the_first_answer_in_a_lock_is_recorded_and_no_more(
    contract: TypeContract, device: LoginDevice
) -> None:
    refused = SecurityEvent.objects.filter(kind=Event.SIGN_IN_REFUSED, detail__verdict="locked")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for lock in (1, 2):
            for _ in range(policy().factor_attempts):
                assert refused.count() == lock - 1
                device.verify_token(contract.wrong(device))
                clock.shift(timedelta(minutes=10))
            assert refused.count() == lock - 1
            for answer in (contract.wrong(device), contract.answer(device)):
                assert not device.verify_token(answer)
                assert refused.count() == lock
            clock.shift(timedelta(hours=24))
            lift_waits(device.user)
            device.refresh_from_db()
    event = refused.latest("pk")
    assert (event.user, event.device) == (device.user, device.persistent_id)
    assert event.detail == {"verdict": "locked"}


def test_an_answer_that_waits_leaves_no_event(contract: TypeContract, device: LoginDevice) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        device.verify_token(contract.wrong(device))
        before = SecurityEvent.objects.count()
        device.verify_token(contract.wrong(device))
    assert device.verdict is Verdict.WAIT
    assert SecurityEvent.objects.count() == before


def test_an_answer_of_a_device_that_is_over_is_recorded_once(
    contract: TypeContract, device: LoginDevice
) -> None:
    answer = contract.answer(device)
    device.end(EndReason.CANCELLED_BY_CLIENT)
    for _ in range(3):
        assert not device.verify_token(answer)
    event = SecurityEvent.objects.get(kind=Event.SIGN_IN_REFUSED)
    assert (event.device, event.detail) == (device.persistent_id, {"verdict": "ended"})


def test_a_right_answer_ends_the_series_of_failures(
    contract: TypeContract, device: LoginDevice
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(9):
            device.verify_token(contract.wrong(device))
            clock.shift(timedelta(minutes=10))
        assert device.verify_token(contract.answer(device))
        assert device.attempts_left == 10
        assert not Failures.objects.of_factor(device.user_id)
        assert device.wait_seconds == 0
