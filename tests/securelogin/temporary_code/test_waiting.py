"""Waiting for a second person: what is asked, what becomes of it, and what is issued then."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.desk.rules import ApprovalState
from securelogin.models import SecurityEvent
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.temporary_code.issue_page import (
    DOCUMENT,
    IssuePage,
    digits_in,
    text_of,
)

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]


@pytest.fixture
def boss(db: None) -> User:
    """Who decides."""
    return factories.make_staff("bea.boss", Role.SUPERVISOR, first_name="Bea", last_name="Boss")


@pytest.fixture
def desk(jane: User, sam: User) -> IssuePage:
    """Sam's page for Jane."""
    return IssuePage(sam, jane)


@pytest.fixture
def asked(desk: IssuePage) -> Approval:
    """Sam has asked for a code that nothing proves."""
    response = desk.ask(note="Says the phone was stolen", reason="B")
    assert (response.status_code, response["Location"]) == (302, desk.url)
    return Approval.objects.get()


def use(desk: IssuePage, approval: Approval, **posted: str) -> Any:
    """Press the button of an approved request."""
    return desk.browser.post(desk.url, {"do": "issue", "approval": str(approval.pk), **posted})


def may_issue(response: Any) -> bool:
    """Whether the page has the button of an approved request."""
    return b'name="approval"' in response.content


def state_of(approval: Approval) -> ApprovalState:
    approval.refresh_from_db()
    return approval.state


def test_what_was_asked_and_why_is_kept(asked: Approval, jane: User, sam: User) -> None:
    assert (asked.client, asked.requester, asked.action) == (jane, sam, "issue")
    assert asked.details == {
        "reason": "B",
        "ticket": "T-88121",
        "note": "Says the phone was stolen",
    }
    assert [risk["name"] for risk in asked.risks] == ["no_evidence"]
    assert asked.check_row is not None
    assert not TemporaryCode.objects.of(jane).exists()


def test_evidence_is_recorded_before_it_is_asked(desk: IssuePage) -> None:
    desk.ask(pressure="on", **DOCUMENT)
    asked = Approval.objects.get()
    assert [risk["name"] for risk in asked.risks] == ["pressure"]
    assert asked.check_row is not None
    assert asked.check_row.evidence == ("document",)


def test_the_same_form_asks_once(desk: IssuePage) -> None:
    desk.ask()
    desk.ask()
    assert Approval.objects.count() == 1


def test_what_cannot_be_asked_is_not(desk: IssuePage) -> None:
    assert desk.ask(ticket="").status_code == 422
    assert not Approval.objects.exists()


def test_the_page_waits_and_says_how_long(desk: IssuePage, asked: Approval, clock: Clock) -> None:
    text = text_of(desk.get())
    for words in (
        "Waiting for approval",
        "10 minutes left",
        "Check again",
        "You asked to issue a Temporary Code for Jane Sample",
        "T-88121",
        "Says the phone was stolen",
        "Nothing proves yet who is calling.",
    ):
        assert words in text
    clock.shift(timedelta(minutes=9))
    assert "1 minute left" in text_of(desk.get())
    assert not may_issue(desk.get())


def test_waiting_issues_nothing(desk: IssuePage, asked: Approval, jane: User) -> None:
    response = use(desk, asked)
    assert response.status_code == 409
    assert "Waiting for approval" in text_of(response)
    assert not TemporaryCode.objects.of(jane).exists()


def test_approved_it_issues_exactly_what_was_approved(
    desk: IssuePage, asked: Approval, boss: User, jane: User
) -> None:
    asked.decide(boss, approve=True, reason="Police report seen")
    text = text_of(desk.get())
    assert "Bea Boss agreed: Police report seen" in text
    assert may_issue(desk.get())
    response = use(desk, asked, reason="A", ticket="OTHER", note="other")
    digits = digits_in(response)
    code = TemporaryCode.objects.of(jane).latest("pk")
    assert code.is_code(digits)
    assert (code.reason, code.ticket) == ("B", "T-88121")
    event = SecurityEvent.objects.filter(user=jane, kind="device:issued").latest("pk")
    assert event.detail["approved_by"] == "bea.boss"
    assert event.detail["note"] == "Says the phone was stolen"


def test_it_is_used_once_and_a_reload_shows_no_code(
    desk: IssuePage, asked: Approval, boss: User, jane: User
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    assert digits_in(use(desk, asked))
    again = use(desk, asked)
    assert again.status_code == 409
    assert "This code was shown once." in text_of(again)
    assert TemporaryCode.objects.of(jane).count() == 1
    assert "Used" in text_of(desk.get())
    assert state_of(asked) is ApprovalState.USED


def test_who_approves_never_sees_the_code(
    desk: IssuePage, asked: Approval, boss: User, jane: User
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    bosses = IssuePage(boss, jane)
    assert "Approved" not in text_of(bosses.get())
    stolen = use(bosses, asked)
    assert digits_in(stolen) == ""
    assert not TemporaryCode.objects.of(jane).exists()
    assert state_of(asked) is ApprovalState.APPROVED


def test_refused_it_says_why_and_starts_again_with_the_entries(
    desk: IssuePage, asked: Approval, boss: User, jane: User
) -> None:
    asked.decide(boss, approve=False, reason="Ask for a passport first")
    text = text_of(desk.get())
    assert "Bea Boss did not agree: Ask for a passport first" in text
    assert not may_issue(desk.get())
    assert use(desk, asked).status_code == 409
    assert not TemporaryCode.objects.of(jane).exists()
    again = desk.get("?again")
    assert b'value="T-88121"' in again.content
    desk.request_id = str(uuid.uuid4())
    assert digits_in(desk.issue())


def test_started_again_in_an_old_session_it_comes_back_filled_in(
    desk: IssuePage, asked: Approval, boss: User, clock: Clock
) -> None:
    asked.decide(boss, approve=False, reason="Ask for a passport first")
    clock.shift(timedelta(minutes=5))
    desk.request_id = str(uuid.uuid4())
    assert desk.issue(ticket="T-90002")["Location"].startswith("/login/confirm/")
    back = desk.get()
    assert b'value="T-90002"' in back.content
    assert "Refused" in text_of(desk.get())


@pytest.mark.parametrize("approve", [True, False])
def test_after_ten_minutes_it_is_over(
    desk: IssuePage, asked: Approval, boss: User, jane: User, clock: Clock, approve: bool
) -> None:
    clock.shift(timedelta(minutes=4))
    if approve:
        asked.decide(boss, approve=True, reason="Known")
    clock.shift(timedelta(minutes=6))
    desk.browser = factories.client_with_code(asked.requester)
    text = text_of(desk.get())
    assert "Expired" in text
    assert ("not used in time" in text) is approve
    assert "Start again" in text
    response = use(desk, asked)
    assert response.status_code == 409
    assert "Expired" in text_of(response)
    assert not TemporaryCode.objects.of(jane).exists()


def test_the_page_forgets_an_old_request(desk: IssuePage, asked: Approval, clock: Clock) -> None:
    clock.shift(timedelta(minutes=20))
    desk.browser = factories.client_with_code(asked.requester)
    assert "1 Who is calling?" in text_of(desk.get())
    assert use(desk, asked).status_code == 302


def test_a_risk_that_came_meanwhile_stops_it(
    desk: IssuePage, asked: Approval, boss: User, jane: User
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    jane.change_contact(email="new@mail.example")
    response = use(desk, asked)
    assert response.status_code == 409
    assert "Nothing was done" in text_of(response)
    assert "E-mail address or phone number changed" in text_of(response)
    assert not TemporaryCode.objects.of(jane).exists()
    assert state_of(asked) is ApprovalState.APPROVED


def test_only_the_latest_request_is_used(
    desk: IssuePage, asked: Approval, boss: User, jane: User, clock: Clock
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    clock.shift(timedelta(seconds=1))
    desk.request_id = str(uuid.uuid4())
    desk.ask()
    response = use(desk, asked)
    assert response.status_code == 409
    assert "Waiting for approval" in text_of(response)
    assert not TemporaryCode.objects.of(jane).exists()


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "９"])
def test_a_number_that_is_no_request_issues_nothing(
    desk: IssuePage, asked: Approval, boss: User, jane: User, number: str
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    response = desk.browser.post(desk.url, {"do": "issue", "approval": number})
    assert response.status_code == 409
    assert not TemporaryCode.objects.of(jane).exists()


def test_an_old_session_proves_itself_before_the_approved_code(
    desk: IssuePage, asked: Approval, boss: User, jane: User, clock: Clock
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    clock.shift(timedelta(minutes=5))
    response = use(desk, asked)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/confirm/")
    assert not TemporaryCode.objects.of(jane).exists()
    assert may_issue(desk.get())


def test_a_right_that_was_taken_away_meanwhile_issues_nothing(
    desk: IssuePage, asked: Approval, boss: User, jane: User, sam: User
) -> None:
    asked.decide(boss, approve=True, reason="Known")
    sam.groups.clear()
    assert use(desk, asked).status_code == 403
    assert not TemporaryCode.objects.of(jane).exists()


def test_the_part_that_changes_has_a_page_of_its_own(
    desk: IssuePage, asked: Approval, boss: User, jane: User
) -> None:
    url = reverse("admin:temporary_code_state", args=[jane.pk])
    waiting = desk.browser.get(url)
    assert "Waiting for approval" in text_of(waiting)
    assert f'data-progress="{url}"'.encode() in desk.get().content
    assert b"data-over" not in waiting.content
    assert b"<html" not in waiting.content
    asked.decide(boss, approve=True, reason="Known")
    decided = desk.browser.get(url)
    assert may_issue(decided)
    assert b"data-over" in decided.content
    assert desk.browser.post(url).status_code == 405
    assert Client().get(url).status_code == 302
    assert digits_in(use(desk, asked))
    assert digits_in(desk.browser.get(url)) == ""
