"""What the desk sees of a client's own devices, and what it does to them beside issuing a code."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.unlocking import locks_of, unlock
from securelogin.conf import policy
from securelogin.desk.found_events import Wanted, page_of
from securelogin.desk.roles import Role
from securelogin.desk.timeline import timeline_rows
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import Failures, SecurityEvent, factor_key
from securelogin.permanent import PermanentDevice
from securelogin.temporary_code.issuing import Reason
from tests import factories
from tests.accounts.desk.conftest import Open
from tests.securelogin.contract import is_inside
from tests.securelogin.desk.approvals import address, ask
from tests.securelogin.lasting import contract, held_device, inside_with, own_device, take_back

pytestmark = pytest.mark.django_db


def text(page: str) -> str:
    """The words of a page, on one line."""
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def revoke_page(device: PermanentDevice) -> str:
    """The address of the page that ends it."""
    meta = device._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_revoke", args=[device.pk])


# The client's page -------------------------------------------------------------------------------


def test_it_is_shown_with_its_protection_and_the_end_of_its_serial(
    opened: Open, jane: User
) -> None:
    phone = own_device(jane, "my phone")
    page = opened(jane)
    said = text(page)
    assert f"{phone.title} Active" in said
    limits = policy().withdrawal_limits(phone.protection)
    assert f"Protection {phone.protection.label}; withdrawals: {limits}" in said
    assert f"Serial ending {phone.short_serial}" in said
    assert "Added" in said
    assert phone.serial not in page
    assert "Access Full" in said


def test_a_code_is_basic_and_has_no_serial(opened: Open, jane: User) -> None:
    factories.make_code(jane)
    said = text(opened(jane))
    assert "Protection Basic; withdrawals: USD 50,000 a day" in said
    assert "Serial" not in said.split("Security devices now")[1]


def test_on_hold_it_is_current_and_opens_nothing(opened: Open, jane: User) -> None:
    phone = held_device(jane)
    page = opened(jane)
    said = text(page)
    assert f"{phone.title} On hold until its owner proves it again" in said
    assert "On hold since" in said
    assert "Access None: no device that could log in" in said
    assert "Security devices that are over" not in said
    assert f"{phone.noun.capitalize()} on hold" in said, "the chip"
    assert revoke_page(phone) in page


def test_it_is_found_by_its_serial(desk: Client, jane: User, mallory: User) -> None:
    phone = own_device(jane)
    own_device(mallory)
    found = desk.get("/admin/accounts/user/", {"q": phone.serial.lower()}).content.decode()
    assert "Jane Sample" in found
    assert "Mallory" not in found
    assert f"{phone.noun.capitalize()} active" in text(found)


# Revoking ----------------------------------------------------------------------------------------


def test_from_hold_it_can_be_revoked_and_does_not_come_back(desk: Client, jane: User) -> None:
    phone = held_device(jane)
    asked = text(desk.get(revoke_page(phone)).content.decode())
    assert "nor to take it back from hold" in asked
    assert "It is the last usable device" not in asked
    answer = contract().answer(phone)
    assert desk.post(revoke_page(phone), {"reason": "lost"}).status_code == 302
    phone.refresh_from_db()
    assert phone.end_reason == EndReason.REPORTED_LOST
    assert not phone.reactivate(answer)
    phone.refresh_from_db()
    assert phone.status is Status.CANCELLED


# Unlocking after too many wrong answers ----------------------------------------------------------


def guess_at(client: User) -> None:
    """Wrong answers until only the desk can help."""
    while not locks_of(client).is_for_good:
        Failures.objects.record(factor_key(client.pk), policy().factor_limit)


def do_unlock(agent: User, client: User) -> Any:
    """On a document seen."""
    check = factories.make_check(agent, client)
    return unlock(client, by=agent, reason="Mistyped", ticket="T-7", check=check)


def test_after_a_hundred_wrong_answers_it_waits_until_it_is_proven_anew(
    sam: User, jane: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    phone, key = own_device(jane), own_device(jane)
    key.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    browser = inside_with(jane, phone)
    guess_at(jane)
    with django_capture_on_commit_callbacks(execute=True):
        do_unlock(sam, jane)
    phone.refresh_from_db()
    key.refresh_from_db()
    assert (phone.status, key.status) == (Status.ON_HOLD, Status.CANCELLED)
    assert not is_inside(browser)
    event = SecurityEvent.objects.get(kind=Event.DEVICE_HELD)
    assert (event.actor, event.detail) == (sam, {"reason": "guessed", "ticket": "T-7"})
    (row,) = timeline_rows([event], jane)
    assert row.what == f"{phone.title} put on hold: too many wrong answers, ticket T-7"
    assert "devices of your\nown are on hold" in str(mail.outbox[-1].body)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert take_back(phone)


def test_after_ten_wrong_answers_it_stays_as_it_is(
    sam: User, jane: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    phone = own_device(jane)
    for _ in range(policy().factor_attempts):
        Failures.objects.record(factor_key(jane.pk), policy().factor_limit)
    with django_capture_on_commit_callbacks(execute=True):
        do_unlock(sam, jane)
    phone.refresh_from_db()
    assert phone.status is Status.ACTIVE
    assert "your security devices are the same as before" in str(mail.outbox[-1].body)


def test_the_page_says_it_before(desk: Client, jane: User) -> None:
    own_device(jane)
    guess_at(jane)
    page = desk.get(reverse("admin:accounts_user_unlock", args=[jane.pk])).content.decode()
    assert "devices of the client's own go on hold" in text(page)


# The way back, seen from the desk ----------------------------------------------------------------


def test_the_live_status_ends_well_when_it_is_back(desk: Client, jane: User) -> None:
    phone = own_device(jane)
    factories.make_code(jane, Reason.AWAY)
    progress = reverse("admin:accounts_user_progress", args=[jane.pk])
    assert "data-over" not in desk.get(progress).content.decode()
    phone.refresh_from_db()
    assert take_back(phone)
    page = desk.get(progress).content.decode()
    assert "data-over" in page
    assert "Not yet" not in page
    said = text(page)
    assert f"Own device in use {phone.title} is back with its owner, in use again" in said
    assert "ended" not in said


def test_the_live_status_ends_well_when_another_one_opens_the_door(
    desk: Client, jane: User
) -> None:
    lost, other = own_device(jane, "lost one"), own_device(jane, "other one")
    factories.make_code(jane, Reason.LOST)
    lost.end(EndReason.REPORTED_LOST)
    assert is_inside(inside_with(jane, other))
    page = desk.get(reverse("admin:accounts_user_progress", args=[jane.pk])).content.decode()
    assert f"Own device in use Logged in with {other.title}" in text(page)


def test_the_timeline_of_its_type_tells_hold_return_and_name(jane: User, sam: User) -> None:
    phone = own_device(jane)
    phone.rename("my phone")
    factories.make_code(jane, Reason.AWAY)
    phone.refresh_from_db()
    assert take_back(phone)
    events = page_of(Wanted(client=jane, group=phone.type_slug)).events
    assert {Event.DEVICE_RENAMED, Event.DEVICE_HELD, Event.DEVICE_REACTIVATED} <= {
        Event(event.kind) for event in events
    }
    assert {event.device for event in events} == {phone.persistent_id}
    assert {row.group for row in timeline_rows(events, jane)} == {
        str(phone.device_type.verbose_name)
    }


def test_the_second_person_reads_of_hold_and_return(jane: User, sam: User) -> None:
    phone = own_device(jane)
    factories.make_code(jane, Reason.AWAY)
    phone.refresh_from_db()
    assert take_back(phone)
    asked = ask(sam, jane)
    senior = factories.client_with_code(factories.make_staff("sue.senior", Role.SENIOR))
    said = text(senior.get(address(asked)).content.decode())
    before = said.split("Before this call")[1]
    assert f"{phone.title} put on hold" in before
    assert f"{phone.title} is back with its owner" in before
