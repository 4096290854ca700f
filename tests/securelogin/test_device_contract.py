"""What every device type must do, whichever types are switched on: how it verifies and ends.

No type is named here; each describes itself (`tests.securelogin.contract`).
"""

from __future__ import annotations

from datetime import timedelta

import django_otp
import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import LoginDevice, SecurityEvent
from securelogin.verdict import Verdict
from tests.securelogin.contract import TypeContract, is_inside

pytestmark = pytest.mark.django_db


def events_of(device: LoginDevice) -> list[str]:
    """What the audit trail says of a device, oldest first."""
    rows = SecurityEvent.objects.filter(device=device.persistent_id).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_it_accepts_the_right_answer(contract: TypeContract, device: LoginDevice) -> None:
    assert device.status is Status.ACTIVE
    assert device.verify_token(contract.answer(device))
    assert device.verdict is Verdict.ACCEPTED


def test_an_answer_serves_as_often_as_the_type_says(
    contract: TypeContract, device: LoginDevice
) -> None:
    answer = contract.answer(device)
    assert device.verify_token(answer)
    assert device.verify_token(answer) is not contract.single_use


@pytest.mark.parametrize("reason", EndReason)
def test_it_refuses_the_right_answer_after_its_end(
    contract: TypeContract, device: LoginDevice, reason: EndReason
) -> None:
    answer = contract.answer(device)
    assert django_otp.user_has_device(device.user)
    assert device.end(reason)
    device.refresh_from_db()
    # django-otp's own flag, which any site that uses it asks.
    assert not device.confirmed
    assert not device.verify_token(answer)
    assert device.verdict is Verdict.ENDED
    assert not device.end(EndReason.CANCELLED_BY_STAFF)
    device.refresh_from_db()
    assert device.end_reason == reason


def test_it_works_until_the_second_before_its_time_is_over(
    contract: TypeContract, device: LoginDevice
) -> None:
    if device.expires_at is None:
        # Nothing ends it by itself; who sets an end all the same is heeded.
        device.expires_at = timezone.now() + timedelta(days=1)
        device.save(update_fields=["expires_at"])
    with time_machine.travel(device.expires_at, tick=False) as clock:
        assert not device.verify_token(contract.answer(device))
        assert device.verdict is Verdict.ENDED
        assert device.attempts_left == 10
        clock.shift(timedelta(seconds=-1))
        assert device.verify_token(contract.answer(device))


def test_it_refuses_before_its_activation(contract: TypeContract, device: LoginDevice) -> None:
    answer = contract.answer(device)
    type(device).objects.filter(pk=device.pk).update(activated_at=None, confirmed=False)
    device.refresh_from_db()
    assert not device.verify_token(answer)
    assert device.verdict is Verdict.ENDED


def test_it_remembers_its_first_and_its_last_use(
    contract: TypeContract, device: LoginDevice
) -> None:
    start = timezone.now()
    assert device.last_used_at is None
    with time_machine.travel(start, tick=False) as clock:
        for minutes in (1, 2):
            clock.move_to(start + timedelta(minutes=minutes))
            assert device.verify_token(contract.answer(device))
            device.refresh_from_db()
            assert device.last_used_at == start + timedelta(minutes=minutes)
    assert events_of(device).count(Event.DEVICE_FIRST_USED) == 1


def test_its_end_is_told_once_with_who_and_why(device: LoginDevice, sam: User) -> None:
    assert device.end(EndReason.CANCELLED_BY_STAFF, by=sam, note="Called in, T-7")
    assert not device.end(EndReason.EXPIRED)
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ENDED, device=device.persistent_id)
    assert event.actor == sam
    assert event.detail == {"reason": "cancelled_by_staff", "note": "Called in, T-7"}
    assert device.user.notices.filter(kind="device_cancelled").count() == 1


def test_its_secret_columns_are_emptied_at_its_end(device: LoginDevice) -> None:
    device.end(EndReason.CANCELLED_BY_CLIENT, by=device.user)
    device.refresh_from_db()
    for column, empty in device.secret_columns.items():
        assert bytes(getattr(device, column)) == empty


def test_it_is_worth_nothing_to_another_client(
    contract: TypeContract, device: LoginDevice, mallory: User
) -> None:
    answer = contract.answer(device)
    with transaction.atomic():
        assert django_otp.verify_token(mallory, device.persistent_id, answer) is None
    browser = contract.sign_in(mallory, device, answer)
    assert not is_inside(browser)
    # Even a session that names it.
    own = contract.device(mallory)
    browser = contract.sign_in(mallory, own, contract.answer(own), Client())
    assert is_inside(browser)
    session = browser.session
    session[django_otp.DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    assert not is_inside(browser)
