"""A request for approval: asked once, decided once by another person, used once, in time."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import Approval, ApprovalOverError, NotAllowedError
from securelogin.desk.roles import Role
from securelogin.desk.rules import LOCKED, UNLOCK_ACTION, ApprovalState, Risk
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
LIFE = timedelta(minutes=10)


def ask(agent: User, client: User, *risks: Risk, request_id: uuid.UUID | None = None) -> Approval:
    """A request to unlock."""
    return Approval.objects.ask(
        UNLOCK_ACTION,
        client,
        requester=agent,
        check=None,
        risks=list(risks) or [LOCKED],
        details={"why": "Mistyped", "ticket": "T-7"},
        request_id=request_id or uuid.uuid4(),
    )


@pytest.fixture
def request_(sam: User, jane: User) -> Approval:
    """What Sam asks for Jane."""
    return ask(sam, jane)


def kinds() -> list[str]:
    """The events of approvals, the oldest first."""
    events = SecurityEvent.objects.filter(kind__startswith="approval:").order_by("pk")
    return [event.kind for event in events]


def test_it_waits_for_ten_minutes(request_: Approval, clock: Clock) -> None:
    assert (request_.state, request_.minutes_left) == (ApprovalState.WAITING, 10)
    clock.shift(LIFE - SECOND)
    assert (request_.state, request_.minutes_left) == (ApprovalState.WAITING, 1)
    assert Approval.objects.waiting(timezone.now()).get() == request_
    clock.shift(SECOND)
    assert (request_.state, request_.minutes_left) == (ApprovalState.EXPIRED, 0)
    assert not Approval.objects.waiting(timezone.now()).exists()


def test_it_is_on_record_who_asked_what_and_why(request_: Approval, sam: User, jane: User) -> None:
    event = SecurityEvent.objects.get(kind=Event.APPROVAL_ASKED)
    assert (event.user, event.actor) == (jane, sam)
    assert event.detail == {"action": "unlock", "risks": "locked", "ticket": "T-7"}


def test_the_same_form_sent_twice_asks_once(sam: User, jane: User) -> None:
    name = uuid.uuid4()
    first, second = (ask(sam, jane, request_id=name) for _ in range(2))
    assert first == second
    assert kinds() == [Event.APPROVAL_ASKED]


@pytest.mark.parametrize("approve", [True, False])
def test_a_decision_is_kept_with_who_and_why(request_: Approval, sue: User, approve: bool) -> None:
    request_.decide(sue, approve=approve, reason="Known voice")
    row = Approval.objects.get()
    assert (row.decided_by, row.approved, row.decision_reason) == (sue, approve, "Known voice")
    event = SecurityEvent.objects.first()
    assert event is not None
    assert event.kind == (Event.APPROVAL_GIVEN if approve else Event.APPROVAL_REFUSED)
    assert event.actor == sue
    assert event.detail == {"action": "unlock", "asked_by": "sam.support", "reason": "Known voice"}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_it_is_decided_once(request_: Approval, sue: User, first: bool, second: bool) -> None:
    request_.decide(sue, approve=first, reason="First")
    stale = Approval.objects.get()
    with pytest.raises(ApprovalOverError) as over:
        stale.decide(sue, approve=second, reason="Second")
    assert over.value.state is (ApprovalState.APPROVED if first else ApprovalState.REFUSED)
    assert Approval.objects.get().decision_reason == "First"
    assert len(kinds()) == 2


def test_it_is_not_decided_after_its_end(request_: Approval, sue: User, clock: Clock) -> None:
    clock.shift(LIFE)
    with pytest.raises(ApprovalOverError) as over:
        request_.decide(sue, approve=True, reason="Late")
    assert over.value.state is ApprovalState.EXPIRED
    assert kinds() == [Event.APPROVAL_ASKED]


@pytest.mark.parametrize("role", Role)
def test_only_seniors_and_supervisors_decide(request_: Approval, role: Role) -> None:
    person = factories.make_staff("second.person", role)
    may = role in {Role.SENIOR, Role.SUPERVISOR}
    assert request_.may_be_decided_by(person) is may


def test_neither_who_asks_nor_whom_it_is_about_decides(sue: User, jane: User) -> None:
    own = ask(sue, jane)
    assert not own.may_be_decided_by(sue)
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)
    about = ask(sue, chief)
    assert not about.may_be_decided_by(chief)
    with pytest.raises(NotAllowedError):
        about.decide(chief, approve=True, reason="It is me")
    root = factories.make_user("root.sample", is_staff=True, is_superuser=True)
    assert not ask(root, jane).may_be_decided_by(root)


def test_a_request_about_staff_is_for_a_supervisor(sam: User, sue: User) -> None:
    about = ask(sam, factories.make_staff("other.agent"))
    assert not about.may_be_decided_by(sue)
    assert about.may_be_decided_by(factories.make_staff("chief.sample", Role.SUPERVISOR))


def test_a_risk_may_ask_for_a_right_of_its_own(sam: User, jane: User, sue: User) -> None:
    needs = "temporary_code.override_issue_policy"
    request = ask(sam, jane, Risk("too_soon", "A code was issued lately.", needs))
    assert request.permissions == [needs]
    assert not request.may_be_decided_by(sue)
    assert request.may_be_decided_by(factories.make_staff("chief.sample", Role.SUPERVISOR))


def test_it_is_used_once_by_who_asked_and_for_what_was_asked(
    request_: Approval, sam: User, sue: User, jane: User, mallory: User
) -> None:
    with pytest.raises(ApprovalOverError) as over:
        request_.use(sam, UNLOCK_ACTION, jane)
    assert over.value.state is ApprovalState.WAITING
    request_.decide(sue, approve=True, reason="Known voice")
    for person, action, client in (
        (sue, UNLOCK_ACTION, jane),
        (sam, "issue", jane),
        (sam, UNLOCK_ACTION, mallory),
    ):
        with pytest.raises(NotAllowedError):
            request_.use(person, action, client)
    request_.use(sam, UNLOCK_ACTION, jane)
    with pytest.raises(ApprovalOverError) as over:
        request_.use(sam, UNLOCK_ACTION, jane)
    assert over.value.state is ApprovalState.USED


def test_a_yes_does_not_outlive_its_ten_minutes(
    request_: Approval, sam: User, sue: User, jane: User, clock: Clock
) -> None:
    clock.shift(LIFE - SECOND)
    request_.decide(sue, approve=True, reason="In time")
    clock.shift(SECOND)
    with pytest.raises(ApprovalOverError) as over:
        request_.use(sam, UNLOCK_ACTION, jane)
    assert over.value.state is ApprovalState.EXPIRED


def test_a_no_is_never_used(request_: Approval, sam: User, sue: User, jane: User) -> None:
    request_.decide(sue, approve=False, reason="Strange call")
    with pytest.raises(ApprovalOverError) as over:
        request_.use(sam, UNLOCK_ACTION, jane)
    assert over.value.state is ApprovalState.REFUSED
