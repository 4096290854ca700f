"""A client's own device, at the desk and in its owner's hand at the same moment."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.desk.warrant import ApprovalNeededError
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.permanent import PermanentDevice
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, details
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.contract import is_inside
from tests.securelogin.lasting import contract, held_device, own_device

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
ROUNDS = 5


def again(device: PermanentDevice) -> PermanentDevice:
    """The row as it is in the database now, for a thread of its own."""
    found = type(device).objects.select_related("user").get(pk=device.pk)
    assert isinstance(found, PermanentDevice)
    return found


def approved(client: User, reason: Reason, *lost: PermanentDevice) -> Approval:
    """A code that a second person has agreed to."""
    request = Approval.objects.ask(
        ISSUE_ACTION,
        client,
        requester=factories.make_staff(f"agent.of.{client}"),
        check=None,
        risks=TemporaryCode.objects.risks(client, timezone.now(), None),
        details=details(reason, "T-1", "", [device.persistent_id for device in lost]),
        request_id=uuid.uuid4(),
    )
    chief = factories.make_staff(f"chief.of.{client}", Role.SUPERVISOR)
    request.decide(chief, approve=True, reason="Known")
    return request


def issue(request: Approval) -> None:
    """What was agreed to."""
    asked = Approval.objects.select_related("client", "requester").get(pk=request.pk)
    named = asked.details.get("lost", "")
    TemporaryCode.objects.issue(
        asked.client,
        by=asked.requester,
        reason=Reason(asked.details["reason"]),
        ticket="T-1",
        lost=named.split(", ") if named else [],
        request_id=asked.request_id,
        check=None,
        approval=asked,
    )


def open_codes(client: User) -> int:
    """How many codes still open something."""
    return int(TemporaryCode.objects.of(client).open().count())


@pytest.mark.parametrize("reason", Reason)
def test_no_login_slips_past_the_hold_or_the_end(at_once: AtOnce, reason: Reason) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        phone = own_device(jane)
        request = approved(jane, reason, phone)
        browser = Client()
        browser.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
        address, answer = "/login/verify/", contract().answer(phone)

        def act(
            n: int,
            request: Approval = request,
            browser: Client = browser,
            address: str = address,
            answer: str = answer,
        ) -> int:
            if n == 0:
                issue(request)
                return 0
            return int(contract().send(browser, address, answer).status_code)

        assert at_once(act, 2)[1] in {200, 302, 422}
        wanted = Status.ON_HOLD if reason is Reason.AWAY else Status.CANCELLED
        assert again(phone).status is wanted
        assert not is_inside(browser)
        assert open_codes(jane) == 1


def test_of_two_agents_one_issues_and_each_device_is_held_once(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    devices = [own_device(jane), own_device(jane)]
    agents = [factories.make_staff(f"agent.{n}") for n in range(4)]
    checks = [factories.make_check(agent, jane) for agent in agents]

    def act(number: int) -> str:
        try:
            TemporaryCode.objects.issue(
                jane,
                by=agents[number],
                reason=Reason.AWAY,
                ticket=f"T-{number}",
                request_id=uuid.uuid4(),
                check=checks[number],
            )
        except ApprovalNeededError as error:
            return str(error)
        return "done"

    assert Counter(at_once(act, 4)) == {"done": 1, "not_followed": 3}
    assert {again(device).status for device in devices} == {Status.ON_HOLD}
    held = SecurityEvent.objects.filter(kind=Event.DEVICE_HELD)
    assert sorted(event.device for event in held) == sorted(d.persistent_id for d in devices)
    assert open_codes(jane) == 1


def test_taken_back_while_a_code_is_issued_there_is_one_way_in(at_once: AtOnce) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        phone = held_device(jane)
        factories.make_code(jane)
        request, answer = approved(jane, Reason.AWAY), contract().answer(phone)

        def act(
            n: int,
            request: Approval = request,
            phone: PermanentDevice = phone,
            answer: str = answer,
        ) -> bool:
            if n:
                return again(phone).reactivate(answer)
            issue(request)
            return True

        assert at_once(act, 2) == [True, True]
        # Whoever came last: either the device, or the code that stands in for it.
        assert (again(phone).status, open_codes(jane)) in {
            (Status.ACTIVE, 0),
            (Status.ON_HOLD, 1),
        }


def test_what_is_reported_lost_does_not_come_back(at_once: AtOnce) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        phone = held_device(jane)
        factories.make_code(jane)
        request, answer = approved(jane, Reason.LOST, phone), contract().answer(phone)

        def act(
            n: int,
            request: Approval = request,
            phone: PermanentDevice = phone,
            answer: str = answer,
        ) -> bool:
            if n:
                return again(phone).reactivate(answer)
            issue(request)
            return True

        assert at_once(act, 2)[0]
        lost = again(phone)
        assert (lost.status, lost.end_reason) == (Status.CANCELLED, EndReason.REPORTED_LOST)
        assert open_codes(jane) == 1


def test_held_and_ended_by_its_owner_it_is_ended(at_once: AtOnce) -> None:
    for number in range(ROUNDS):
        jane = factories.make_user(f"jane.sample{number}")
        phone = own_device(jane)
        request = approved(jane, Reason.AWAY)

        def act(
            n: int, request: Approval = request, phone: PermanentDevice = phone, owner: User = jane
        ) -> bool:
            if n:
                return again(phone).end(EndReason.CANCELLED_BY_CLIENT, by=owner)
            issue(request)
            return True

        assert at_once(act, 2) == [True, True]
        assert again(phone).status is Status.CANCELLED
        assert open_codes(jane) == 1
