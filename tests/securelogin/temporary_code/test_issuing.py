"""When a code may be issued, and what issuing one does to everything else the client has."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from accounts.models import User
from securelogin.desk.models import (
    Approval,
    ApprovalOverError,
    IdentityCheck,
    NotAllowedError,
)
from securelogin.desk.roles import Role
from securelogin.desk.rules import ApprovalState
from securelogin.desk.warrant import ApprovalNeededError
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, Refusal, details
from securelogin.temporary_code.models import (
    AlreadyIssuedError,
    IssueRefusedError,
    RepeatRefusedError,
    TemporaryCode,
)
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.contract import contract_of, is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
INTERVAL = timedelta(days=30)
NOTE = "Left the device at home"


@pytest.fixture
def boss(db: None) -> User:
    """A second person with every right that an approval may need."""
    return factories.make_staff("bea.boss", Role.SUPERVISOR)


def issue_on_server(
    user: User, *, reason: Reason = Reason.AWAY, override: str = ""
) -> tuple[TemporaryCode, str]:
    """A code by the rules: without an override unless the test gives one."""
    return TemporaryCode.objects.issue_on_server(
        user, reason=reason, ticket="T-9", override=override
    )


def issue(
    user: User,
    agent: User,
    *,
    reason: Reason = Reason.AWAY,
    ticket: str = "T-9",
    request_id: uuid.UUID | None = None,
    check: IdentityCheck | None = None,
    approval: Approval | None = None,
) -> tuple[TemporaryCode, str]:
    """A code at the desk."""
    return TemporaryCode.objects.issue(
        user,
        by=agent,
        reason=reason,
        ticket=ticket,
        note=NOTE,
        request_id=request_id or uuid.uuid4(),
        check=check,
        approval=approval,
    )


def approved(user: User, agent: User, boss: User, check: IdentityCheck | None = None) -> Approval:
    """What `issue` does for this client, approved by a second person on the present risks."""
    row = Approval.objects.ask(
        ISSUE_ACTION,
        user,
        requester=agent,
        check=check,
        risks=TemporaryCode.objects.risks(user, AUTUMN, check),
        details=details(Reason.AWAY, "T-9", NOTE),
        request_id=uuid.uuid4(),
    )
    row.decide(boss, approve=True, reason="I know the case")
    return row


def risks_of(error: pytest.ExceptionInfo[ApprovalNeededError]) -> list[str]:
    return [risk.name for risk in error.value.risks]


# Policy: no second code in a row, none within 30 days --------------------------------------------


def test_a_second_code_is_refused_when_no_card_followed_however_long_ago(
    jane: User, clock: Clock
) -> None:
    issue_on_server(jane)
    clock.shift(timedelta(days=300))
    with pytest.raises(IssueRefusedError) as refused:
        issue_on_server(jane)
    assert refused.value.reason is Refusal.NOT_FOLLOWED
    assert TemporaryCode.objects.count() == 1


def test_a_card_that_was_never_activated_does_not_count(jane: User, clock: Clock) -> None:
    code, _digits = issue_on_server(jane)
    factories.make_card(jane, code=code, active=False)
    clock.shift(INTERVAL)
    with pytest.raises(IssueRefusedError):
        issue_on_server(jane)


def test_after_a_card_the_next_code_waits_30_days_to_the_second(jane: User, clock: Clock) -> None:
    code, _digits = issue_on_server(jane)
    clock.shift(timedelta(hours=1))
    factories.make_card(jane, code=code)
    clock.move_to(AUTUMN + INTERVAL - SECOND)
    with pytest.raises(IssueRefusedError) as refused:
        issue_on_server(jane)
    assert refused.value.reason is Refusal.TOO_SOON
    clock.shift(SECOND)
    assert issue_on_server(jane)[0].status is Status.ACTIVE


def test_a_card_of_another_client_does_not_count(jane: User, mallory: User, clock: Clock) -> None:
    issue_on_server(jane)
    clock.shift(timedelta(hours=1))
    factories.make_card(mallory)
    clock.shift(INTERVAL)
    with pytest.raises(IssueRefusedError):
        issue_on_server(jane)


def test_on_the_server_an_override_with_a_reason_is_kept(jane: User) -> None:
    issue_on_server(jane)
    issue_on_server(jane, override="Left for the airport, J. checked the passport")
    event = SecurityEvent.objects.filter(kind=Event.DEVICE_ISSUED).first()
    assert event is not None
    assert event.actor is None
    assert event.detail["policy"] == "not_followed"
    assert event.detail["override"].startswith("Left for the airport")


def test_an_override_that_was_not_needed_is_not_kept(jane: User) -> None:
    issue_on_server(jane, override="just in case")
    assert "override" not in SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED).detail


# At the desk: evidence, or a second person -------------------------------------------------------


def test_evidence_issues_and_the_timeline_says_which(jane: User, sam: User) -> None:
    check = factories.make_check(sam, jane)
    row, digits = issue(jane, sam, check=check)
    assert row.is_code(digits)
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED)
    assert event.actor == sam
    assert event.detail == {
        "reason": "A",
        "ticket": "T-9",
        "note": NOTE,
        "evidence": "document",
    }


def test_a_call_is_acted_on_once(jane: User, sam: User) -> None:
    check = factories.make_check(sam, jane)
    issue(jane, sam, check=check)
    check.refresh_from_db()
    assert check.closed_at == AUTUMN
    assert check.evidence == ()


def test_nothing_is_issued_without_evidence(jane: User, sam: User) -> None:
    for check in (None, IdentityCheck.objects.start(sam, jane)):
        with pytest.raises(ApprovalNeededError) as needed:
            issue(jane, sam, check=check)
        assert risks_of(needed) == ["no_evidence"]
    assert not TemporaryCode.objects.exists()
    assert not jane.notices.exists()


def test_evidence_grows_old(jane: User, sam: User, clock: Clock) -> None:
    check = factories.make_check(sam, jane)
    clock.shift(timedelta(minutes=30))
    with pytest.raises(ApprovalNeededError) as needed:
        issue(jane, sam, check=check)
    assert risks_of(needed) == ["no_evidence"]


def test_a_refused_issue_leaves_the_call_open(jane: User, sam: User) -> None:
    check = factories.make_check(sam, jane)
    check.note_pressure()
    with pytest.raises(ApprovalNeededError) as needed:
        issue(jane, sam, check=check)
    assert risks_of(needed) == ["pressure"]
    assert IdentityCheck.objects.current(sam, jane, AUTUMN) == check


def test_the_second_of_two_agents_has_to_ask(jane: User, sam: User) -> None:
    other = factories.make_staff("olga.other")
    first, second = factories.make_check(sam, jane), factories.make_check(other, jane)
    kept, _digits = issue(jane, sam, check=first)
    with pytest.raises(ApprovalNeededError) as needed:
        issue(jane, other, check=second)
    assert risks_of(needed) == ["not_followed"]
    assert list(TemporaryCode.objects.open()) == [kept]


def test_an_approval_issues_once_and_names_the_second_person(
    jane: User, sam: User, boss: User
) -> None:
    approval = approved(jane, sam, boss)
    issue(jane, sam, approval=approval)
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED)
    assert event.detail["approved_by"] == "bea.boss"
    approval.refresh_from_db()
    assert approval.state is ApprovalState.USED
    with pytest.raises(ApprovalOverError) as over:
        issue(jane, sam, approval=approval)
    assert over.value.state is ApprovalState.USED
    assert TemporaryCode.objects.count() == 1


def test_an_approval_is_used_up_even_if_the_risks_are_gone(
    jane: User, sam: User, boss: User
) -> None:
    approval = approved(jane, sam, boss)
    issue(jane, sam, approval=approval, check=factories.make_check(sam, jane))
    approval.refresh_from_db()
    assert approval.state is ApprovalState.USED


def test_a_risk_that_nobody_knew_needs_a_new_approval(jane: User, sam: User, boss: User) -> None:
    """SECURITY: who agreed to missing evidence may lack the right to agree to a second code."""
    approval = approved(jane, sam, boss)
    issue_on_server(jane)
    with pytest.raises(ApprovalNeededError) as needed:
        issue(jane, sam, approval=approval)
    assert risks_of(needed) == ["not_followed"]
    approval.refresh_from_db()
    assert approval.state is ApprovalState.APPROVED


@pytest.mark.parametrize("changed", [{"reason": Reason.LOST}, {"ticket": "T-10"}])
def test_only_what_was_approved_is_issued(
    jane: User, sam: User, boss: User, changed: dict[str, object]
) -> None:
    approval = approved(jane, sam, boss)
    with pytest.raises(NotAllowedError):
        issue(jane, sam, approval=approval, **changed)  # type: ignore[arg-type]
    assert not TemporaryCode.objects.exists()


def test_an_approval_is_of_one_agent_and_one_client(
    jane: User, mallory: User, sam: User, boss: User
) -> None:
    approval = approved(jane, sam, boss)
    for user, agent in ((mallory, sam), (jane, boss)):
        with pytest.raises(NotAllowedError):
            issue(user, agent, approval=approval)


def test_an_approval_that_nobody_gave_issues_nothing(
    jane: User, sam: User, boss: User, clock: Clock
) -> None:
    approval = approved(jane, sam, boss)
    Approval.objects.update(approved=None, decided_at=None)
    with pytest.raises(ApprovalOverError) as over:
        issue(jane, sam, approval=approval)
    assert over.value.state is ApprovalState.WAITING
    Approval.objects.update(approved=True, decided_at=AUTUMN)
    clock.shift(timedelta(minutes=10))
    with pytest.raises(ApprovalOverError) as over:
        issue(jane, sam, approval=approval)
    assert over.value.state is ApprovalState.EXPIRED
    assert not TemporaryCode.objects.exists()


# The same request, and "not understood" ----------------------------------------------------------


def test_the_same_request_makes_one_code_only(jane: User, sam: User) -> None:
    request_id = uuid.uuid4()
    code, _digits = issue(jane, sam, request_id=request_id, check=factories.make_check(sam, jane))
    with pytest.raises(AlreadyIssuedError):
        issue(jane, sam, request_id=request_id, check=factories.make_check(sam, jane))
    assert list(TemporaryCode.objects.all()) == [code]
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_ISSUED).count() == 1
    assert jane.notices.count() == 1


def being_read_out(jane: User, sam: User) -> TemporaryCode:
    """A code that was issued now."""
    return issue(jane, sam, check=factories.make_check(sam, jane))[0]


def test_a_code_that_was_not_understood_is_made_anew(jane: User, sam: User) -> None:
    old = being_read_out(jane, sam)
    new, digits = TemporaryCode.objects.repeat(old, by=sam, request_id=uuid.uuid4())
    old.refresh_from_db()
    assert old.end_reason == EndReason.REPLACED
    assert not old.is_code(digits)
    assert new.is_code(digits)
    assert (new.reason, new.ticket, new.repeats) == (old.reason, old.ticket, 1)
    event = SecurityEvent.objects.filter(kind=Event.DEVICE_ISSUED).first()
    assert event is not None
    assert (event.actor, event.detail["instead_of"]) == (sam, "not understood")


def test_it_is_made_anew_twice_and_no_more(jane: User, sam: User) -> None:
    code = being_read_out(jane, sam)
    for _time in range(2):
        code, _digits = TemporaryCode.objects.repeat(code, by=sam, request_id=uuid.uuid4())
    with pytest.raises(RepeatRefusedError):
        TemporaryCode.objects.repeat(code, by=sam, request_id=uuid.uuid4())


def test_the_same_press_makes_it_anew_once(jane: User, sam: User) -> None:
    code = being_read_out(jane, sam)
    request_id = uuid.uuid4()
    new, _digits = TemporaryCode.objects.repeat(code, by=sam, request_id=request_id)
    with pytest.raises(AlreadyIssuedError):
        TemporaryCode.objects.repeat(code, by=sam, request_id=request_id)
    assert list(TemporaryCode.objects.open()) == [new]


def test_who_did_not_read_it_out_does_not_make_it_anew(jane: User, sam: User, boss: User) -> None:
    code = being_read_out(jane, sam)
    with pytest.raises(RepeatRefusedError):
        TemporaryCode.objects.repeat(code, by=boss, request_id=uuid.uuid4())


@pytest.mark.parametrize("how", ["read back", "used", "revoked", "too late"])
def test_a_code_that_is_no_longer_read_out_is_not_made_anew(
    jane: User, sam: User, clock: Clock, how: str
) -> None:
    code = being_read_out(jane, sam)
    if how == "read back":
        assert code.confirm_read_back(sam)
    elif how == "used":
        TemporaryCode.objects.update(last_used_at=AUTUMN)
    elif how == "revoked":
        code.end(EndReason.CANCELLED_BY_STAFF, by=sam)
    else:
        clock.shift(timedelta(minutes=10))
    with pytest.raises(RepeatRefusedError):
        TemporaryCode.objects.repeat(code, by=sam, request_id=uuid.uuid4())


# What else ends ----------------------------------------------------------------------------------


def test_a_new_code_ends_the_one_before_and_its_sessions(jane: User) -> None:
    client = factories.client_with_code(jane)
    old = jane.temporarycodes.get()
    new, _digits = issue_on_server(jane, override="test")
    old.refresh_from_db()
    assert (old.status, old.end_reason) == (Status.ENDED, EndReason.REPLACED)
    assert list(TemporaryCode.objects.open()) == [new]
    assert not is_inside(client)


@pytest.mark.parametrize("reason", Reason)
def test_reason_b_ends_cards_and_their_sessions_and_reason_a_does_not(
    jane: User, reason: Reason
) -> None:
    card, answers = factories.make_card(jane)
    client = contract_of(card.device_type).sign_in(jane, card, answers[1])
    assert is_inside(client)
    issue_on_server(jane, reason=reason, override="test")
    card.refresh_from_db()
    lost = reason is Reason.LOST
    assert card.end_reason == (EndReason.REPORTED_LOST if lost else "")
    assert is_inside(client) is not lost
    assert jane.notices.filter(kind="device_cancelled").exists() is lost


def test_reason_b_ends_a_waiting_card_too(jane: User) -> None:
    card, answers = factories.make_card(jane, active=False)
    issue_on_server(jane, reason=Reason.LOST, override="test")
    card.refresh_from_db()
    assert card.end_reason == EndReason.REPORTED_LOST
    assert card.activate(answers[0]).value == "over"


def test_it_leaves_other_clients_alone(jane: User, mallory: User) -> None:
    hers, _answers = factories.make_card(mallory)
    other, _digits = factories.make_code(mallory)
    issue_on_server(jane, reason=Reason.LOST)
    for device in (hers, other):
        device.refresh_from_db()
        assert device.ended_at is None
