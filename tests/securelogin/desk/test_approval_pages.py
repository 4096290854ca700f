"""The second person: the list, and the page to decide on."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.desk.rules import LOCKED, NO_EVIDENCE, ApprovalState
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


# The list ---------------------------------------------------------------------------------------


def test_it_lists_who_asks_what_for_whom_and_why(sues: Client, sam: User, jane: User) -> None:
    approval = ask(sam, jane, LOCKED, NO_EVIDENCE)
    page = text_of(sues.get(LIST))
    row = (
        "Jane Sample Sam Support asks to unlock the login "
        "The login is locked after wrong attempts. Nothing proves yet who is calling. "
        "10 minutes left Decide on Jane Sample"
    )
    assert row in page
    assert address(approval) in sues.get(LIST).content.decode()


def test_those_that_end_first_come_first_and_then_what_became_of_the_others(
    sues: Client, sue: User, sam: User, jane: User, mallory: User, clock: Clock
) -> None:
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)
    refused, expired = ask(sam, jane), ask(sam, mallory)
    refused.decide(chief, approve=False, reason="Strange call")
    clock.shift(10 * MINUTE)
    first = ask(sam, jane)
    clock.shift(MINUTE)
    second = ask(sam, mallory)
    page = sues.get(LIST).content.decode()
    places = [page.index(f'"{address(row)}"') for row in (first, second, expired, refused)]
    assert places == sorted(places)
    words = text_of(sues.get(LIST))
    assert "9 minutes left Decide on Jane Sample" in words
    assert "Expired : nobody decided in time" in words
    assert "Refused : Strange call ( chief.sample )" in words
    clock.shift(timedelta(hours=24))
    words = text_of(factories.client_with_code(sue).get(LIST))
    assert "Nothing waits for you." in words
    assert "None." in words


def test_the_own_request_and_one_for_a_supervisor_are_not_offered(
    sues: Client, sue: User, sam: User, jane: User, mallory: User
) -> None:
    ask(sue, jane)
    ask(sam, mallory, SUPERVISORS_ONLY)
    page = text_of(sues.get(LIST))
    assert "You asked: another person decides" in page
    assert "For a supervisor" in page
    assert "Decide on" not in page


def test_a_request_about_oneself_is_not_in_the_list(sam: User) -> None:
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)
    ask(sam, chief, why="Secretly")
    browser = factories.client_with_code(chief)
    assert "Nothing waits for you." in text_of(browser.get(LIST))


@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR])
def test_without_the_right_there_is_no_list_and_no_page(role: Role, sue: User, jane: User) -> None:
    approval = ask(sue, jane)
    browser = factories.client_with_code(factories.make_staff("other.sample", role))
    assert browser.get(LIST).status_code == 403
    assert browser.get(address(approval)).status_code == 403
    assert decide(browser, approval).status_code == 403
    assert state(approval) is ApprovalState.WAITING


def test_the_list_costs_as_much_for_many_as_for_one(sues: Client, sam: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            sues.get(LIST)
        return len(counted)

    ask(sam, factories.make_user("client.0"))
    sues.get(LIST)
    one = queries()
    for number in range(1, 6):
        ask(sam, factories.make_user(f"client.{number}"))
    assert queries() == one


# The page ---------------------------------------------------------------------------------------


def test_it_shows_everything_that_was_established(
    sues: Client, sam: User, jane: User, clock: Clock
) -> None:
    factories.make_code(jane)
    check = factories.make_check(sam, jane)
    clock.shift(MINUTE)
    page = text_of(sues.get(address(ask(sam, jane, LOCKED, check=check, why="Mistyped"))))
    for words in (
        "Sam Support asks to unlock the login for Jane Sample",
        "10 minutes left",
        "The login is locked after wrong attempts.",
        "Document seen: Passport, seen in person",
        "Ticket T-88121",
        "Reason Mistyped",
        "Temporary Code issued",
    ):
        assert words in page


def test_what_was_established_is_still_there_when_the_call_is_over(
    sues: Client, sam: User, jane: User, clock: Clock
) -> None:
    check = factories.make_check(sam, jane)
    approval = ask(sam, jane, check=check)
    check.close()
    assert "Document seen: Passport" in text_of(sues.get(address(approval)))


def test_that_nothing_was_established_is_said(sues: Client, sam: User, jane: User) -> None:
    page = text_of(sues.get(address(ask(sam, jane, NO_EVIDENCE))))
    assert "Nothing proves it yet." in page
    assert "No code, lock, approval or change of contact data is on record." in page


def test_who_opened_it_is_on_record_and_nothing_else_changes(
    sues: Client, sue: User, sam: User, jane: User
) -> None:
    approval = ask(sam, jane)
    before = SecurityEvent.objects.count()
    sues.get(address(approval))
    event = SecurityEvent.objects.first()
    assert event is not None
    assert (event.kind, event.user, event.actor) == (Event.RECORD_OPENED, jane, sue)
    assert SecurityEvent.objects.count() == before + 1
    assert state(approval) is ApprovalState.WAITING


@pytest.mark.parametrize(
    ("decision", "after", "said"),
    [
        ("approve", ApprovalState.APPROVED, "Approved. Sam Support has 10 minutes to unlock"),
        ("refuse", ApprovalState.REFUSED, "Refused. Sam Support was not allowed to unlock"),
    ],
)
def test_a_decision_leads_back_to_the_list_and_says_what_follows(
    sues: Client, sue: User, sam: User, jane: User, decision: str, after: ApprovalState, said: str
) -> None:
    approval = ask(sam, jane)
    response = decide(sues, approval, decision)
    assert (response.status_code, response["Location"]) == (302, LIST)
    assert state(approval) is after
    assert (approval.decided_by, approval.decision_reason) == (sue, "Known voice")
    assert said in text_of(sues.get(LIST))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": ""}, "Enter your reason"),
        ({"reason": "x" * 201}, "at most 200 characters"),
        ({"reason": "The code is 123 456 789"}, "Leave the code out"),
        ({"reason": "abc\u202edef"}, "characters that cannot be seen"),
    ],
)
def test_a_reason_is_needed_and_holds_no_code(
    sues: Client, sam: User, jane: User, fields: dict[str, str], words: str
) -> None:
    approval = ask(sam, jane)
    response = decide(sues, approval, **fields)
    assert response.status_code == 422
    assert words in text_of(response)
    assert "There is a problem" in text_of(response)
    assert state(approval) is ApprovalState.WAITING


@pytest.mark.parametrize("decision", ["", "maybe"])
def test_enter_in_the_field_decides_nothing(
    sues: Client, sam: User, jane: User, decision: str
) -> None:
    approval = ask(sam, jane)
    response = decide(sues, approval, decision)
    assert response.status_code == 422
    assert state(approval) is ApprovalState.WAITING
    assert 'value="Known voice"' in response.content.decode()


def test_a_decision_needs_a_fresh_proof_and_keeps_the_reason(
    sues: Client, sam: User, jane: User, clock: Clock
) -> None:
    clock.shift(5 * MINUTE)
    approval = ask(sam, jane)
    response = decide(sues, approval)
    assert response["Location"] == f"/login/confirm/?next={address(approval).replace('/', '%2F')}"
    assert state(approval) is ApprovalState.WAITING
    page = sues.get(address(approval)).content.decode()
    assert 'value="Known voice"' in page


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "=HYPERLINK(1)", '"><b>x'])
def test_hostile_words_are_shown_as_words(
    sues: Client, sam: User, mallory: User, words: str
) -> None:
    mallory.first_name = words[:150]
    mallory.save()
    approval = ask(sam, mallory, why=words)
    for page in (sues.get(LIST), sues.get(address(approval))):
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert "<b>x" not in page.content.decode()
