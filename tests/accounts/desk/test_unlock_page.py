"""The page that unlocks, in each of its states."""

from __future__ import annotations

import logging
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.unlocking import locks_of
from securelogin.conf import policy
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import Failures, SecurityEvent, factor_key
from tests import factories
from tests.accounts.desk.locks import approved, pause
from tests.securelogin.clock import Clock
from tests.securelogin.temporary_code.issue_page import buttons_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
MINUTE = timedelta(minutes=1)
DOCUMENT = {"document": "passport", "document_seen": "in_person"}


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")


class Page:
    """The page for one client, in the browser of one agent."""

    def __init__(self, agent: User, client: User) -> None:
        self.browser = factories.client_with_code(agent)
        self.url = reverse("admin:accounts_user_unlock", args=[client.pk])
        self.record = reverse("admin:accounts_user_change", args=[client.pk])
        self.request_id = str(uuid.uuid4())

    def get(self, query: str = "") -> Any:
        """Open it."""
        return self.browser.get(self.url + query)

    def post(self, do: str, **fields: str) -> Any:
        """Press a button, with everything filled in but the evidence."""
        filled = {"reason": "Mistyped", "ticket": "T-7", "request_id": self.request_id}
        return self.browser.post(self.url, {"do": do, **filled, **fields})


@pytest.fixture
def at_desk(sam: User, locked: User) -> Page:
    """Sam's, for Jane, who is locked."""
    return Page(sam, locked)


def test_it_shows_how_the_lock_came_about(at_desk: Page, locked: User) -> None:
    pause(locked)
    words = text_of(at_desk.get())
    assert "Second step: locked until 25 October 2025, 14:05 (Zurich time)" in words
    assert "Password: paused until 24 October 2025, 14:20" in words
    assert "for tries from 198.51.100.0/24" in words
    assert "Second step refused - Temporary Code 10 times unknown 24 October 2025, 14:05" in words
    assert re.search(r"Password refused 4 times 198\.51\.100\.0/24", words)


def test_attempts_before_the_last_login_are_not_shown(sam: User, jane: User, clock: Clock) -> None:
    pause(jane)
    clock.shift(timedelta(hours=1))
    factories.client_with_code(jane)
    clock.shift(MINUTE)
    Failures.objects.create(key=factor_key(jane.pk), total=policy().factor_ceiling)
    words = text_of(Page(sam, jane).get())
    assert "locked until Client Services unlocks it" in words
    assert "The timeline has no wrong attempt since the last login." in words


def test_it_says_what_follows_and_holds_no_secret(at_desk: Page, locked: User) -> None:
    words = text_of(at_desk.get())
    assert "can try again at once" in words
    assert "Password, codes and cards stay as they are" in words
    assert buttons_of(at_desk.get()) == {"unlock", "send_number"}
    assert locked.email not in words


def test_looking_changes_nothing(at_desk: Page) -> None:
    before = SecurityEvent.objects.count(), Failures.objects.count(), IdentityCheck.objects.count()
    at_desk.get()
    after = SecurityEvent.objects.count(), Failures.objects.count(), IdentityCheck.objects.count()
    assert after == before


def test_with_a_document_it_unlocks_and_goes_back(at_desk: Page, locked: User) -> None:
    response = at_desk.post("unlock", **DOCUMENT)
    assert (response.status_code, response["Location"]) == (302, at_desk.record)
    assert not locks_of(locked)
    said = text_of(at_desk.browser.get(at_desk.record))
    assert "The login of Jane Sample is unlocked. The client is told by e-mail." in said


def test_without_evidence_it_says_what_is_missing_and_offers_to_ask(
    at_desk: Page, locked: User
) -> None:
    response = at_desk.post("unlock")
    assert response.status_code == 422
    assert "Nothing proves yet who is calling. Do one of the proofs" in text_of(response)
    assert "ask" in buttons_of(response)
    assert locks_of(locked)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": ""}, "Enter why the login is unlocked"),
        ({"ticket": ""}, "Enter the ticket number of this case"),
        ({"reason": "code 123456789"}, "Leave the code out"),
        ({"document_seen": ""}, "Choose where you saw the document"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(
    at_desk: Page, locked: User, fields: dict[str, str], words: str
) -> None:
    response = at_desk.post("unlock", **{**DOCUMENT, **fields})
    assert response.status_code == 422
    assert words in text_of(response)
    assert 'value="T-7"' in response.content.decode() or "ticket" in fields
    assert locks_of(locked)


def test_enter_in_a_field_is_never_the_final_action(at_desk: Page, locked: User) -> None:
    response = at_desk.post("", **DOCUMENT)
    assert response.status_code == 200
    assert "Nothing was unlocked yet: press the button." in text_of(response)
    assert locks_of(locked)


def test_it_needs_a_fresh_proof_and_keeps_what_was_typed(
    at_desk: Page, locked: User, clock: Clock
) -> None:
    clock.shift(5 * MINUTE)
    response = at_desk.post("unlock", **DOCUMENT)
    assert response["Location"].startswith("/login/confirm/?next=")
    assert locks_of(locked)
    again = at_desk.get().content.decode()
    assert 'value="Mistyped"' in again
    assert 'value="T-7"' in again
    assert '<option value="passport" selected>' in again


def test_asking_waiting_agreed_and_done(at_desk: Page, sue: User, locked: User) -> None:
    assert at_desk.post("ask")["Location"] == at_desk.url
    waiting = text_of(at_desk.get())
    assert "Waiting for approval" in waiting
    assert "10 minutes left" in waiting
    approval = Approval.objects.get()
    assert approval.details == {"why": "Mistyped", "ticket": "T-7"}
    assert buttons_of(at_desk.get()) == set()
    approval.decide(sue, approve=True, reason="Known voice")
    agreed = text_of(at_desk.get())
    assert "Approved" in agreed
    assert "Known voice" in agreed
    response = at_desk.browser.post(at_desk.url, {"approval": approval.pk})
    assert response["Location"] == at_desk.record
    assert not locks_of(locked)


def test_the_part_that_waits_tells_of_the_decision(at_desk: Page, sue: User) -> None:
    at_desk.post("ask")
    state = f"{at_desk.url}state/"
    assert "Waiting for approval" in text_of(at_desk.browser.get(state))
    Approval.objects.get().decide(sue, approve=False, reason="Strange call")
    told = text_of(at_desk.browser.get(state))
    assert "Refused" in told
    assert "Strange call" in told
    assert at_desk.browser.post(state).status_code == 405


def test_asking_for_it_keeps_no_session_alive(at_desk: Page, clock: Clock) -> None:
    """SECURITY: the page asks by itself; nobody may be there any more."""
    at_desk.post("ask")
    clock.shift(14 * MINUTE)
    assert at_desk.browser.get(f"{at_desk.url}state/").status_code == 200
    clock.shift(MINUTE)
    assert at_desk.get()["Location"].startswith("/login/")


def test_a_refused_request_starts_again_with_what_was_typed(at_desk: Page, sue: User) -> None:
    at_desk.post("ask")
    Approval.objects.get().decide(sue, approve=False, reason="Strange call")
    assert "Refused" in text_of(at_desk.get())
    assert 'value="Mistyped"' in at_desk.get("?again").content.decode()


def test_an_approval_that_is_late_unlocks_nothing(
    at_desk: Page, sue: User, locked: User, clock: Clock
) -> None:
    at_desk.post("ask")
    approval = Approval.objects.get()
    clock.shift(4 * MINUTE)
    approval.decide(sue, approve=True, reason="Known voice")
    Approval.objects.update(expires_at=timezone.now())
    response = at_desk.browser.post(at_desk.url, {"approval": approval.pk})
    assert response.status_code == 409
    assert "It was approved, but not used in time." in text_of(response)
    assert locks_of(locked)


def test_an_approval_of_another_request_unlocks_nothing(
    at_desk: Page, sam: User, sue: User, locked: User
) -> None:
    at_desk.post("ask")
    theirs = approved(sue, locked, factories.make_staff("chief.sample", Role.SUPERVISOR))
    for pk in (theirs.pk, "", "nonsense"):
        response = at_desk.browser.post(at_desk.url, {"approval": pk})
        assert response.status_code == 409, pk
    assert locks_of(locked)


def test_what_came_up_after_the_approval_stops_it(
    at_desk: Page, sam: User, sue: User, locked: User
) -> None:
    at_desk.post("ask")
    approval = Approval.objects.get()
    approval.decide(sue, approve=True, reason="Known voice")
    IdentityCheck.objects.start(sam, locked).note_pressure()
    response = at_desk.browser.post(at_desk.url, {"approval": approval.pk})
    assert response.status_code == 409
    words = text_of(response)
    assert "Nothing was done" in words
    assert "The caller sounded under pressure" in words
    assert locks_of(locked)


def test_nothing_to_unlock_is_said(sam: User, jane: User) -> None:
    at_desk = Page(sam, jane)
    assert at_desk.get().status_code == 200
    assert "There is nothing to unlock." in text_of(at_desk.get())
    assert at_desk.post("unlock", **DOCUMENT).status_code == 409


def test_a_form_sent_twice_says_that_it_is_done(at_desk: Page, locked: User) -> None:
    at_desk.post("unlock", **DOCUMENT)
    response = at_desk.post("unlock", **DOCUMENT)
    assert response.status_code == 409
    assert "The login was last unlocked on 24 October 2025" in text_of(response)
    assert SecurityEvent.objects.filter(kind=Event.LOGIN_UNLOCKED).count() == 1


def test_an_inactive_client_is_not_unlocked(at_desk: Page, locked: User) -> None:
    User.objects.filter(pk=locked.pk).update(is_active=False)
    assert at_desk.post("unlock", **DOCUMENT).status_code == 409
    assert "The account is not active" in text_of(at_desk.get())


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_unlock_gets_403(locked: User, sam: User, method: str) -> None:
    auditor = factories.make_staff("audit.sample", Role.AUDITOR)
    colleague = factories.make_staff("other.agent")
    for agent, client in ((auditor, locked), (sam, sam), (sam, colleague)):
        at_desk = Page(agent, client)
        response = at_desk.get() if method == "get" else at_desk.post("unlock", **DOCUMENT)
        assert response.status_code == 403, (agent, client)
        assert at_desk.browser.get(f"{at_desk.url}state/").status_code == 403
    refused = SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED)
    assert refused.count() == (3 if method == "post" else 0)
    assert locks_of(locked)


def test_a_supervisor_unlocks_staff_with_a_second_person(sam: User) -> None:
    chief = factories.make_staff("chief.sample", Role.SUPERVISOR)
    factories.make_code(sam)
    Failures.objects.create(key=factor_key(sam.pk), total=policy().factor_ceiling)
    at_desk = Page(chief, sam)
    response = at_desk.post("unlock", **DOCUMENT)
    assert response.status_code == 422
    assert "The client works here." in text_of(response)
