"""What several people at the desk do to one client, or to one request, at the same moment."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import Approval, ApprovalOverError
from securelogin.desk.roles import Role
from securelogin.desk.rules import ApprovalState
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.security_card.models import Activation, SecurityCard
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, details
from securelogin.temporary_code.models import (
    AlreadyIssuedError,
    RepeatRefusedError,
    TemporaryCode,
)
from tests import factories
from tests.races import THREADS

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
DECISIONS = (Event.APPROVAL_GIVEN, Event.APPROVAL_REFUSED)


def ask(
    client: User,
    agent: User,
    request_id: uuid.UUID | None = None,
    reason: Reason = Reason.AWAY,
) -> Approval:
    """A request for a code that nothing proves."""
    return Approval.objects.ask(
        ISSUE_ACTION,
        client,
        requester=agent,
        check=None,
        risks=TemporaryCode.objects.risks(client, timezone.now(), None),
        details=details(reason, "T-1", ""),
        request_id=request_id or uuid.uuid4(),
    )


def approved(client: User, agent: User, reason: Reason = Reason.AWAY) -> Approval:
    """The same, approved."""
    request = ask(client, agent, reason=reason)
    request.decide(
        factories.make_staff(f"chief.of.{client}", Role.SUPERVISOR), approve=True, reason="Known"
    )
    return request


def outcome(act: Callable[[], Any]) -> str:
    """The name of what it raised, or ``done``."""
    refusals = (ApprovalOverError, AlreadyIssuedError, RepeatRefusedError)
    try:
        act()
    except refusals as error:
        return type(error).__name__
    return "done"


def issue(client: User, agent: User, request: Approval, reason: Reason = Reason.AWAY) -> None:
    """A code on a request as it stands in the database now."""
    TemporaryCode.objects.issue(
        client,
        by=agent,
        reason=reason,
        ticket="T-1",
        request_id=uuid.uuid4(),
        check=None,
        approval=Approval.objects.get(pk=request.pk),
    )


def people() -> tuple[User, User]:
    """A client and an agent."""
    return factories.make_user("jane.sample"), factories.make_staff("sam.support")


def told(*kinds: Event) -> int:
    """How often the timeline says so."""
    return SecurityEvent.objects.filter(kind__in=kinds).count()


def test_of_many_decisions_on_one_request_one_counts(at_once: AtOnce) -> None:
    jane, sam = people()
    request = ask(jane, sam)
    chiefs = [factories.make_staff(f"chief.{n}", Role.SUPERVISOR) for n in range(THREADS)]

    def act(number: int) -> str:
        mine = Approval.objects.get(pk=request.pk)
        approve = bool(number % 2)
        return outcome(lambda: mine.decide(chiefs[number], approve=approve, reason=f"R-{number}"))

    assert Counter(at_once(act)) == {"done": 1, "ApprovalOverError": THREADS - 1}
    request.refresh_from_db()
    event = SecurityEvent.objects.get(kind__in=DECISIONS)
    assert event.kind == DECISIONS[0 if request.approved else 1]
    assert (event.actor, event.detail["reason"]) == (request.decided_by, request.decision_reason)
    assert event.actor
    assert request.decision_reason == f"R-{chiefs.index(event.actor)}"


def test_one_form_sent_many_times_asks_once(at_once: AtOnce) -> None:
    jane, sam = people()
    request_id = uuid.uuid4()
    rows = {request.pk for request in at_once(lambda _n: ask(jane, sam, request_id))}
    assert rows == set(Approval.objects.values_list("pk", flat=True))
    assert len(rows) == told(Event.APPROVAL_ASKED) == 1


def test_one_approval_makes_one_code(at_once: AtOnce) -> None:
    jane, sam = people()
    request = approved(jane, sam)
    outcomes = Counter(at_once(lambda _n: outcome(lambda: issue(jane, sam, request))))
    assert outcomes == {"done": 1, "ApprovalOverError": THREADS - 1}
    assert TemporaryCode.objects.count() == told(Event.DEVICE_ISSUED) == 1
    request.refresh_from_db()
    assert request.state is ApprovalState.USED


def test_a_decision_and_the_code_that_waits_for_it_do_not_overtake_each_other(
    at_once: AtOnce,
) -> None:
    jane, sam = people()
    request = ask(jane, sam)
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)

    def act(number: int) -> str:
        if number:
            return outcome(lambda: issue(jane, sam, request))
        mine = Approval.objects.get(pk=request.pk)
        return outcome(lambda: mine.decide(chief, approve=False, reason="Not known"))

    outcomes = at_once(act)
    assert outcomes == ["done"] + ["ApprovalOverError"] * (THREADS - 1)
    assert not TemporaryCode.objects.exists()


@pytest.mark.parametrize("same_form", [True, False])
def test_a_code_that_was_not_understood_is_made_anew_once(
    at_once: AtOnce, *, same_form: bool
) -> None:
    jane, sam = people()
    issue(jane, sam, approved(jane, sam))
    code = TemporaryCode.objects.get()
    one_id = uuid.uuid4()

    def act(_number: int) -> str:
        request_id = one_id if same_form else uuid.uuid4()
        mine = TemporaryCode.objects.get(pk=code.pk)
        return outcome(lambda: TemporaryCode.objects.repeat(mine, by=sam, request_id=request_id))

    refusal = "AlreadyIssuedError" if same_form else "RepeatRefusedError"
    assert Counter(at_once(act, 10)) == {"done": 1, refusal: 9}
    assert TemporaryCode.objects.count() == 2
    new = TemporaryCode.objects.open().get()
    assert (new.repeats, new.ticket) == (1, code.ticket)


@pytest.mark.parametrize("reason", Reason)
def test_a_code_is_issued_while_the_card_of_the_last_one_is_activated(
    at_once: AtOnce, reason: Reason
) -> None:
    jane, sam = people()
    first, _digits = factories.make_code(jane)
    card, answers = factories.make_card(jane, code=first, active=False)
    request = approved(jane, sam, reason)

    def act(number: int) -> Any:
        if number:
            return outcome(lambda: issue(jane, sam, request, reason))
        return SecurityCard.objects.get(pk=card.pk).activate(answers[0])

    activation, issued = at_once(act, 2)
    assert issued == "done"
    first.refresh_from_db()
    card.refresh_from_db()
    second = TemporaryCode.objects.latest("pk")
    assert first.end_reason == EndReason.REPLACED
    if reason is Reason.LOST:
        # Whoever came first: what was lost is dead, and the new code is the only way in.
        assert activation in {Activation.DONE, Activation.OVER}
        assert card.end_reason == EndReason.REPORTED_LOST
        assert second.status is Status.ACTIVE
    else:
        assert activation is Activation.DONE
        assert card.status is Status.ACTIVE
        # The card was proven after the code or before it; a proof after it ends it.
        assert second.created_at
        assert card.activated_at
        proven_later = card.activated_at > second.created_at
        assert second.end_reason == (EndReason.REPLACED if proven_later else "")
