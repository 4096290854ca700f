"""The second person: who may not decide, and every way in which it is too late."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.desk.rules import UNLOCK_ACTION, ApprovalState
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.desk.approvals import (
    LIST,
    MINUTE,
    SUPERVISORS_ONLY,
    address,
    ask,
    decide,
    state,
)
from tests.securelogin.temporary_code.issue_page import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")


# Who may not ------------------------------------------------------------------------------------


def test_the_own_request_is_for_another_person(sues: Client, sue: User, jane: User) -> None:
    approval = ask(sue, jane)
    for response in (sues.get(address(approval)), decide(sues, approval)):
        assert response.status_code == 403
        page = text_of(response)
        assert "You asked for this yourself. Another person has to decide." in page
        assert "Approve" not in page.replace("Approvals", "")
    assert state(approval) is ApprovalState.WAITING


def test_a_request_about_oneself_shows_nothing_of_it(sam: User) -> None:
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)
    approval = ask(sam, chief, why="Secretly")
    browser = factories.client_with_code(chief)
    for response in (browser.get(address(approval)), decide(browser, approval)):
        assert response.status_code == 403
        assert "This request is about you." in text_of(response)
        assert "Secretly" not in text_of(response)


def test_a_right_that_a_risk_asks_for_is_explained(sues: Client, sam: User, jane: User) -> None:
    approval = ask(sam, jane, SUPERVISORS_ONLY)
    for response in (sues.get(address(approval)), decide(sues, approval)):
        assert response.status_code == 403
        assert "Ask a supervisor to look at it." in text_of(response)
    chief = factories.client_with_code(factories.make_staff("chief.sample", Role.SUPERVISOR))
    assert decide(chief, approval).status_code == 302


def test_of_a_request_about_staff_a_senior_sees_nothing(sues: Client, sam: User) -> None:
    approval = ask(sam, factories.make_staff("other.agent"), why="Secretly")
    response = sues.get(address(approval))
    assert response.status_code == 403
    assert "Secretly" not in text_of(response)


def test_a_refused_try_is_on_record(sues: Client, sue: User, jane: User) -> None:
    approval = ask(sue, jane)
    sues.get(address(approval))
    assert not SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED).exists()
    decide(sues, approval)
    event = SecurityEvent.objects.get(kind=Event.ACTION_REFUSED)
    assert (event.user, event.actor, event.detail) == (jane, sue, {"action": "approve"})


def test_a_right_taken_away_meanwhile_is_gone(
    sues: Client, sue: User, sam: User, jane: User
) -> None:
    approval = ask(sam, jane)
    assert sues.get(address(approval)).status_code == 200
    sue.groups.set(Group.objects.filter(name=Role.AGENT))
    assert decide(sues, approval).status_code == 403
    assert state(approval) is ApprovalState.WAITING


# Too late ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("approve", [True, False])
def test_deciding_what_is_decided_says_by_whom_and_what_next(
    sues: Client, sam: User, jane: User, approve: bool
) -> None:
    approval = ask(sam, jane)
    chief = factories.make_staff(
        "chief.sample", Role.SUPERVISOR, first_name="Carla", last_name="Chief"
    )
    assert sues.get(address(approval)).status_code == 200
    approval.decide(chief, approve=approve, reason="I know the client")
    response = decide(sues, approval, "refuse" if approve else "approve")
    assert response.status_code == 409
    page = text_of(response)
    assert f"{'Approved' if approve else 'Refused'} by Carla Chief on 24 October 2025" in page
    assert "Reason: I know the client" in page
    next_step = (
        "If that must not happen, call the agent now." if approve else "the agent asks again"
    )
    assert next_step in page
    assert state(approval) is (ApprovalState.APPROVED if approve else ApprovalState.REFUSED)
    assert sues.get(address(approval)).status_code == 200


def test_deciding_after_the_end(sues: Client, sam: User, jane: User, clock: Clock) -> None:
    approval = ask(sam, jane)
    clock.shift(10 * MINUTE)
    response = decide(sues, approval)
    assert response.status_code == 409
    assert "This request has expired. Nobody decided until" in text_of(response)
    assert "The agent has to ask again." in text_of(response)
    assert not SecurityEvent.objects.filter(kind=Event.APPROVAL_GIVEN).exists()


def test_it_ends_while_the_second_person_proves_again(
    sues: Client, sam: User, jane: User, clock: Clock
) -> None:
    approval = ask(sam, jane)
    clock.shift(9 * MINUTE)
    assert decide(sues, approval)["Location"].startswith("/login/confirm/")
    clock.shift(MINUTE)
    page = text_of(sues.get(address(approval)))
    assert "This request has expired." in page
    assert "Your decision" not in page


def test_a_used_request_says_so(sues: Client, sam: User, sue: User, jane: User) -> None:
    approval = ask(sam, jane)
    approval.decide(sue, approve=True, reason="Known voice")
    approval.use(sam, UNLOCK_ACTION, jane)
    page = text_of(sues.get(address(approval)))
    assert "It was carried out on 24 October 2025" in page
    assert decide(sues, approval).status_code == 409


def test_two_people_at_once_decide_once(
    sues: Client, sam: User, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has looked before the first has decided."""
    approval = ask(sam, jane)
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)
    real = Approval.decide

    def slower(self: Approval, person: User, *, approve: bool, reason: str) -> None:
        real(Approval.objects.get(pk=self.pk), chief, approve=False, reason="Faster")
        real(self, person, approve=approve, reason=reason)

    monkeypatch.setattr(Approval, "decide", slower)
    response = decide(sues, approval)
    assert response.status_code == 409
    assert "Reason: Faster" in text_of(response)
    assert state(approval) is ApprovalState.REFUSED


def test_a_missing_request_is_not_found(sues: Client) -> None:
    assert sues.get(f"{LIST}999/change/").status_code == 404
