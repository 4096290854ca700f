"""What issuing a code does to the devices of the client's own: on hold, blocked, or left alone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from securelogin.desk.models import Approval, NotAllowedError
from securelogin.desk.roles import Role
from securelogin.desk.timeline import timeline_rows
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.permanent import PermanentDevice
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, Refusal, details
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.contract import is_inside
from tests.securelogin.lasting import contract, held_device, inside_with, own_device, take_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
WHILE = timedelta(minutes=5)


def issue(
    user: User,
    agent: User,
    reason: Reason,
    *lost: PermanentDevice,
    approval: Approval | None = None,
) -> TemporaryCode:
    """A code at the desk."""
    code, _digits = TemporaryCode.objects.issue(
        user,
        by=agent,
        reason=reason,
        ticket="T-9",
        lost=[device.persistent_id for device in lost],
        request_id=uuid.uuid4(),
        check=None if approval else factories.make_check(agent, user),
        approval=approval,
    )
    return code


def approved(user: User, agent: User, reason: Reason, *lost: PermanentDevice) -> Approval:
    """The same, agreed by a second person."""
    row = Approval.objects.ask(
        ISSUE_ACTION,
        user,
        requester=agent,
        check=None,
        risks=TemporaryCode.objects.risks(user, AUTUMN, None),
        details=details(reason, "T-9", "", [device.persistent_id for device in lost]),
        request_id=uuid.uuid4(),
    )
    row.decide(factories.make_staff("bea.boss", Role.SUPERVISOR), approve=True, reason="Known")
    return row


def statuses(*devices: PermanentDevice) -> list[Status]:
    """As they are stored."""
    for device in devices:
        device.refresh_from_db()
    return [device.status for device in devices]


def said(user: User, kind: Event) -> list[str]:
    """The timeline's words for such events."""
    events = SecurityEvent.objects.filter(user=user, kind=kind).order_by("pk")
    return [row.what for row in timeline_rows(events, user)]


# Reason A ----------------------------------------------------------------------------------------


def test_reason_a_puts_every_own_device_on_hold_with_its_sessions(jane: User, sam: User) -> None:
    phone, key = own_device(jane, "my phone"), own_device(jane, "my key")
    browser = inside_with(jane, phone)
    assert is_inside(browser)
    issue(jane, sam, Reason.AWAY)
    assert statuses(phone, key) == [Status.ON_HOLD] * 2
    assert not is_inside(browser)
    held = SecurityEvent.objects.filter(kind=Event.DEVICE_HELD)
    assert {(event.actor, event.detail["ticket"]) for event in held} == {(sam, "T-9")}
    assert said(jane, Event.DEVICE_HELD) == [
        f"{device.title} put on hold: its owner is away from it, ticket T-9"
        for device in (phone, key)
    ]


def test_reason_a_loses_nothing_whatever_is_named(jane: User, sam: User) -> None:
    phone = own_device(jane)
    issue(jane, sam, Reason.AWAY, phone)
    assert statuses(phone) == [Status.ON_HOLD]


def test_what_is_on_hold_stays_so_and_is_not_told_again(jane: User, sam: User) -> None:
    phone = held_device(jane)
    since = phone.held_at
    issue(jane, sam, Reason.AWAY)
    assert statuses(phone) == [Status.ON_HOLD]
    assert phone.held_at == since
    assert len(said(jane, Event.DEVICE_HELD)) == 1


def test_reason_a_leaves_a_card_and_other_clients_alone(
    jane: User, mallory: User, sam: User
) -> None:
    card, _answers = factories.make_card(jane)
    theirs = own_device(mallory)
    code = TemporaryCode.objects.issue_on_server(
        jane, reason=Reason.AWAY, ticket="T-9", override="test"
    )[0]
    card.refresh_from_db()
    assert (card.status, code.status) == (Status.ACTIVE, Status.ACTIVE)
    assert statuses(theirs) == [Status.ACTIVE]


def test_when_the_code_has_run_out_the_hold_goes_on(jane: User, clock: Clock) -> None:
    phone = own_device(jane)
    TemporaryCode.objects.issue_on_server(jane, reason=Reason.AWAY, ticket="T-9")
    clock.shift(timedelta(days=30))
    TemporaryCode.objects.end_run_out(AUTUMN + timedelta(days=30))
    assert statuses(phone) == [Status.ON_HOLD]
    browser = Client()
    browser.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    page = browser.get("/login/verify/").content.decode()
    assert "Client Services" in page
    assert contract().config.load_answer_form().field_name not in page, "nothing is asked"


# Reason B ----------------------------------------------------------------------------------------


def test_reason_b_ends_what_is_lost_and_leaves_the_others(jane: User, sam: User) -> None:
    phone, key = own_device(jane, "my phone"), own_device(jane, "my key")
    away = held_device(jane, "at home")
    lost, kept = inside_with(jane, phone), inside_with(jane, key)
    issue(jane, sam, Reason.LOST, phone)
    assert statuses(phone, key, away) == [Status.CANCELLED, Status.ACTIVE, Status.ON_HOLD]
    assert (phone.end_reason, phone.ended_by) == (EndReason.REPORTED_LOST, sam)
    assert not is_inside(lost)
    assert is_inside(kept)
    assert said(jane, Event.DEVICE_ENDED) == [f"{phone.title} ended: reported lost, note: T-9"]


def test_what_is_on_hold_can_be_lost_too(jane: User, sam: User) -> None:
    phone = held_device(jane)
    issue(jane, sam, Reason.LOST, phone)
    assert statuses(phone) == [Status.CANCELLED]


def test_a_device_that_ended_meanwhile_is_no_error(jane: User, sam: User) -> None:
    phone, key = own_device(jane), own_device(jane)
    phone.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    code = issue(jane, sam, Reason.LOST, phone, key)
    assert code.status is Status.ACTIVE
    assert statuses(phone, key) == [Status.CANCELLED] * 2
    assert phone.end_reason == EndReason.CANCELLED_BY_CLIENT


def test_a_device_of_somebody_else_is_passed_over(jane: User, mallory: User, sam: User) -> None:
    theirs = own_device(mallory)
    issue(jane, sam, Reason.LOST, theirs)
    assert statuses(theirs) == [Status.ACTIVE]


# A second person ---------------------------------------------------------------------------------


def test_what_was_agreed_to_be_lost_is_ended(jane: User, sam: User) -> None:
    phone, key = own_device(jane), own_device(jane)
    agreed = approved(jane, sam, Reason.LOST, phone)
    for lost in ([key], [phone, key], []):
        with pytest.raises(NotAllowedError):
            issue(jane, sam, Reason.LOST, *lost, approval=agreed)
    assert statuses(phone, key) == [Status.ACTIVE] * 2
    issue(jane, sam, Reason.LOST, phone, approval=agreed)
    assert statuses(phone, key) == [Status.CANCELLED, Status.ACTIVE]


def test_the_order_in_which_they_are_named_does_not_matter(jane: User, sam: User) -> None:
    phone, key = own_device(jane), own_device(jane)
    issue(jane, sam, Reason.LOST, key, phone, approval=approved(jane, sam, Reason.LOST, phone, key))
    assert statuses(phone, key) == [Status.CANCELLED] * 2


def test_a_device_that_ended_since_it_was_agreed_is_no_error(jane: User, sam: User) -> None:
    phone = own_device(jane)
    agreed = approved(jane, sam, Reason.LOST, phone)
    phone.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    assert issue(jane, sam, Reason.LOST, phone, approval=agreed).status is Status.ACTIVE


# "Not understood" --------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", Reason)
def test_a_code_that_is_made_anew_does_nothing_more_to_them(
    jane: User, sam: User, reason: Reason
) -> None:
    phone, key = own_device(jane), own_device(jane)
    code = issue(jane, sam, reason, phone)
    type(key).objects.filter(pk=key.pk).update(held_at=None, confirmed=True)
    before = statuses(phone, key)
    TemporaryCode.objects.repeat(code, by=sam, request_id=uuid.uuid4())
    assert statuses(phone, key) == before
    assert len(said(jane, Event.DEVICE_HELD)) == (2 if reason is Reason.AWAY else 0)


# The next code -----------------------------------------------------------------------------------


def refused(user: User) -> Refusal | None:
    """Why policy refuses another code for this client in a while."""
    return TemporaryCode.objects.issue_refusal(user, AUTUMN + 2 * WHILE)


def test_a_device_that_is_back_followed_the_last_code(jane: User, sam: User, clock: Clock) -> None:
    phone = own_device(jane)
    issue(jane, sam, Reason.AWAY)
    clock.shift(WHILE)
    phone.refresh_from_db()
    phone.rename("renamed meanwhile")
    assert refused(jane) is Refusal.NOT_FOLLOWED
    assert take_back(phone)
    assert refused(jane) is Refusal.TOO_SOON
    assert TemporaryCode.objects.issue_refusal(jane, AUTUMN + timedelta(days=30)) is None


def test_a_device_that_was_added_followed_the_last_code(
    jane: User, sam: User, clock: Clock
) -> None:
    issue(jane, sam, Reason.AWAY)
    clock.shift(WHILE)
    assert refused(jane) is Refusal.NOT_FOLLOWED
    own_device(jane)
    assert refused(jane) is Refusal.TOO_SOON


def test_what_came_back_before_the_last_code_did_not_follow_it(
    jane: User, mallory: User, sam: User, clock: Clock
) -> None:
    phone = own_device(jane)
    issue(jane, sam, Reason.AWAY)
    clock.shift(WHILE)
    phone.refresh_from_db()
    assert take_back(phone)
    clock.shift(WHILE)
    TemporaryCode.objects.issue_on_server(jane, reason=Reason.AWAY, ticket="T-10", override="test")
    clock.shift(WHILE)
    assert take_back(held_device(mallory))
    assert TemporaryCode.objects.issue_refusal(jane, AUTUMN + 4 * WHILE) is Refusal.NOT_FOLLOWED


# The mail ----------------------------------------------------------------------------------------


def test_the_client_is_told_what_is_on_hold_and_what_is_blocked(
    jane: User, sam: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    phone, key = own_device(jane, "my phone"), held_device(jane, "my key")
    with django_capture_on_commit_callbacks(execute=True):
        issue(jane, sam, Reason.LOST, phone)
    (body,) = [str(m.body) for m in mail.outbox if "was issued" in m.subject]
    assert f"On hold: {key.title}." in body
    assert f"Blocked for good: {phone.title}." in body
    assert "then Reactivate." in body
    assert key.serial not in body


def test_without_own_devices_the_mail_speaks_of_none(
    jane: User, sam: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        issue(jane, sam, Reason.AWAY)
    (body,) = [str(m.body) for m in mail.outbox if "was issued" in m.subject]
    assert "On hold" not in body
    assert "Blocked" not in body
