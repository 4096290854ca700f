"""A clock that is set back: nothing lives longer for it, and no lock opens."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.password_reset import PasswordReset, Stage
from securelogin import keys
from securelogin.conf import policy
from securelogin.desk.models import Approval, ApprovalOverError, IdentityCheck
from securelogin.desk.roles import Role
from securelogin.desk.rules import LOCKED, UNLOCK_ACTION, ApprovalState, Evidence
from securelogin.lifecycle import EndReason, Status
from tests import factories
from tests.securelogin.clock import SECOND, Clock, clock
from tests.securelogin.contract import is_inside

__all__ = ["clock"]
pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def to_second_step(user: User) -> Client:
    """A browser after the password."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def answer(client: Client, digits: str) -> Any:
    """What comes back to a Temporary Code."""
    return client.post("/login/verify/", {"temporary_code": digits})


def wrong(digits: str) -> str:
    """As many other digits."""
    return "".join(str(9 - int(digit)) for digit in digits)


def ask_for_approval(agent: User, client: User) -> Approval:
    """A request to unlock."""
    return Approval.objects.ask(
        UNLOCK_ACTION,
        client,
        requester=agent,
        check=None,
        risks=[LOCKED],
        details={"why": "Mistyped", "ticket": "T-7"},
        request_id=uuid.uuid4(),
    )


def test_what_was_ended_stays_ended(jane: User, clock: Clock) -> None:
    code, digits = factories.make_code(jane)
    clock.shift(2 * MINUTE)
    code.end(EndReason.EXPIRED)
    clock.shift(-MINUTE)
    code.refresh_from_db()
    assert code.status is Status.ENDED
    assert answer(to_second_step(jane), digits).status_code != 302


def test_an_answer_that_has_served_serves_no_more(jane: User, clock: Clock) -> None:
    card, answers = factories.make_card(jane)
    assert factories.sign_in(Client(), jane, answers[1], "card_values").status_code == 302
    clock.shift(-DAY)
    assert factories.sign_in(Client(), jane, answers[1], "card_values").status_code == 422
    card.refresh_from_db()
    assert card.answered == 2


def test_a_lock_stays(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    for _ in range(policy().factor_attempts):
        clock.shift(timedelta(hours=1))
        answer(to_second_step(jane), wrong(digits))
    for back in (SECOND, DAY, 30 * DAY):
        clock.shift(-back)
        assert answer(to_second_step(jane), digits).status_code == 429


def test_a_wait_stays_and_what_is_typed_meanwhile_is_not_looked_at(
    jane: User, clock: Clock
) -> None:
    _code, digits = factories.make_code(jane)
    client = to_second_step(jane)
    answer(client, wrong(digits))
    clock.shift(-MINUTE)
    for typed in (digits, wrong(digits)):
        page = answer(client, typed)
        assert page.status_code == 422
        assert "Too many attempts. Wait" in page.content.decode()
    clock.shift(MINUTE + SECOND)
    assert answer(client, digits).status_code == 302


def test_a_pause_of_the_password_stays(jane: User, clock: Clock) -> None:
    for _ in range(policy().password_limit.attempts):
        Client().post("/login/", {"username": jane.username, "password": "not-the-password"})
    clock.shift(-DAY)
    fields = {"username": jane.username, "password": factories.PASSWORD}
    assert Client().post("/login/", fields).status_code == 422


@pytest.mark.parametrize(("back", "lives"), [(MINUTE, True), (MINUTE + SECOND, False)])
def test_a_session_from_the_future_is_over(
    jane: User, clock: Clock, back: timedelta, *, lives: bool
) -> None:
    """The clocks of two machines may differ by a minute; a day would be a day without an end."""
    client = factories.client_with_code(jane)
    clock.shift(-back)
    assert is_inside(client) is lives


@pytest.mark.parametrize(("back", "lives"), [(MINUTE, True), (MINUTE + SECOND, False)])
def test_a_pending_sign_in_from_the_future_is_over(
    jane: User, clock: Clock, back: timedelta, *, lives: bool
) -> None:
    _code, digits = factories.make_code(jane)
    client = to_second_step(jane)
    clock.shift(-back)
    answer(client, digits)
    assert is_inside(client) is lives


def test_a_number_for_a_new_password_from_the_future_is_over(jane: User, clock: Clock) -> None:
    known = asdict(keys.seal("482719", settings.ANSWER_KEYS))
    row = PasswordReset.objects.create(user=jane, auth_hash=jane.get_session_auth_hash(), **known)
    stages = []
    clock.shift(-MINUTE)
    stages.append(row.stage)
    clock.shift(-SECOND)
    stages.append(row.stage)
    clock.shift(SECOND)
    assert row.compare("482719")
    stages.append(row.stage)
    clock.shift(-MINUTE - SECOND)
    stages.append(row.stage)
    assert stages == [Stage.NUMBER, Stage.OVER, Stage.DEVICE, Stage.OVER]


def test_an_approval_from_the_future_is_neither_decided_nor_used(
    jane: User, sam: User, clock: Clock
) -> None:
    """Or it could be decided, and acted on, for as long as the clock was wrong."""
    sue = factories.make_staff("sue.supervisor", Role.SUPERVISOR)
    yes, open_one = (ask_for_approval(sam, jane) for _ in range(2))
    yes.decide(sue, approve=True, reason="Known to me.")
    clock.shift(-MINUTE)
    assert Approval.objects.waiting(timezone.now()).get() == open_one
    clock.shift(-SECOND)
    assert not Approval.objects.waiting(timezone.now()).exists()
    assert Approval.objects.count_for(sue) == 0
    assert (yes.state, open_one.state) == (ApprovalState.EXPIRED, ApprovalState.EXPIRED)
    with pytest.raises(ApprovalOverError):
        open_one.decide(sue, approve=True, reason="Known to me.")
    with pytest.raises(ApprovalOverError):
        yes.use(sam, yes.action, jane)
    page = factories.client_with_code(sue).get("/admin/desk/approval/").content.decode()
    assert page.count("Expired") == 2
    clock.shift(SECOND)
    yes.use(sam, yes.action, jane)


def test_a_call_from_the_future_keeps_nobody_from_a_new_one(
    jane: User, sam: User, clock: Clock
) -> None:
    before = factories.make_check(sam, jane)
    clock.shift(-MINUTE - SECOND)
    assert factories.make_check(sam, jane).pk != before.pk
    assert IdentityCheck.objects.of_others(jane, jane, timezone.now()) != []
    clock.shift(-DAY)
    assert IdentityCheck.objects.of_others(jane, jane, timezone.now()) == []


def test_a_device_gains_no_more_than_the_clock_lost(jane: User, clock: Clock) -> None:
    """Its end is a moment on the calendar. To refuse a device from the future would lock out
    everybody who got one since (docs/threat_model.md, Thief of the data base)."""
    _card, answers = factories.make_card(jane)
    clock.shift(-DAY)
    assert factories.sign_in(Client(), jane, answers[1], "card_values").status_code == 302
    clock.shift(DAY + policy().card_life - SECOND)
    assert factories.sign_in(Client(), jane, answers[2], "card_values").status_code == 302
    clock.shift(SECOND)
    assert factories.sign_in(Client(), jane, answers[3], "card_values").status_code != 302


def test_evidence_of_a_call_from_the_future_is_none(jane: User, sam: User, clock: Clock) -> None:
    check = factories.make_check(sam, jane)
    found = []
    for back in (MINUTE, SECOND):
        clock.shift(-back)
        found.append(check.evidence)
    assert found == [(Evidence.DOCUMENT,), ()]
