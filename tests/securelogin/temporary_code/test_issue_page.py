"""The page that issues: what it says before the click, what it refuses, and what it answers."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from securelogin import proof
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import Failures, SecurityEvent, factor_key
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.temporary_code.issue_page import (
    DOCUMENT,
    IssuePage,
    buttons_of,
    digits_in,
    text_of,
)

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]
RIGHT_TO_LEFT = "\u202egnp.exe"


@pytest.fixture
def desk(jane: User, sam: User) -> IssuePage:
    """Sam's page for Jane, whose contact data is on file for long."""
    return IssuePage(sam, jane)


def issued(client: User) -> list[TemporaryCode]:
    return list(TemporaryCode.objects.of(client).order_by("pk"))


# What it says before the click -------------------------------------------------------------------


def test_it_has_four_blocks_and_chooses_nothing(desk: IssuePage) -> None:
    response = desk.get()
    text = text_of(response)
    for block in ("1 Who is calling?", "2 Why?", "3 Case", "4 Summary"):
        assert block in text
    assert b"checked" not in response.content
    assert "All codes and cards end now" in text
    assert "An earlier Temporary Code ends." in text


def test_it_says_both_ends_in_the_zones_of_both(desk: IssuePage, jane: User) -> None:
    assert "For the client" not in text_of(desk.get())
    User.objects.filter(pk=jane.pk).update(time_zone="Asia/Tokyo")
    text = text_of(desk.get())
    assert "full access until 26 October 2025, 13:05 (Zurich time)" in text
    assert "full access until 26 October 2025, 21:05 (Tokyo time)" in text
    assert "card request until 5 November 2025, 21:05 (Tokyo time)" in text


def test_a_get_changes_nothing(desk: IssuePage, jane: User) -> None:
    before = SecurityEvent.objects.count()
    desk.get()
    desk.get("?again")
    assert SecurityEvent.objects.count() == before
    assert not IdentityCheck.objects.exists()
    assert issued(jane) == []


def test_without_a_known_risk_the_button_issues(desk: IssuePage) -> None:
    assert buttons_of(desk.get()) >= {"issue"}
    assert "ask" not in buttons_of(desk.get())


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        ("contact", "E-mail address or phone number changed less than 14 days ago."),
        ("second", "The last Temporary Code was not followed by a card or a device."),
        ("locked", "The login is locked after wrong attempts."),
    ],
)
def test_a_known_risk_is_said_and_the_button_asks(
    desk: IssuePage, jane: User, risk: str, words: str
) -> None:
    if risk == "contact":
        jane.change_contact(phone="+00 000 000 999")
    elif risk == "second":
        factories.make_code(jane)
    else:
        Failures.objects.create(key=factor_key(jane.pk), count=10, last_failed_at=AUTUMN)
    response = desk.get()
    assert words in text_of(response)
    assert buttons_of(response) & {"issue", "ask"} == {"ask"}
    refused = desk.issue()
    assert refused.status_code == 422
    assert words in text_of(refused)
    assert digits_in(refused) == ""


def test_a_staff_client_needs_two_supervisors(jane: User) -> None:
    bea, other = (
        factories.make_staff(name, Role.SUPERVISOR) for name in ("bea.boss", "olga.other")
    )
    response = IssuePage(bea, other).get()
    assert "The client works here." in text_of(response)
    assert buttons_of(response) & {"issue", "ask"} == {"ask"}


def test_the_earlier_code_is_named_with_its_agent_and_ticket(
    desk: IssuePage, jane: User, clock: Clock
) -> None:
    desk.issue(ticket="T-77001")
    clock.shift(timedelta(minutes=1))
    desk.request_id = str(uuid.uuid4())
    text = text_of(desk.get())
    assert "issued on 24 October 2025, 14:05 (Zurich time) by Sam Support , ticket T-77001" in text


# What it answers ---------------------------------------------------------------------------------


def test_evidence_reason_and_ticket_give_the_code(desk: IssuePage, jane: User) -> None:
    response = desk.issue(note="Left it at home")
    assert response.status_code == 200
    (code,) = issued(jane)
    assert code.is_code(digits_in(response))
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED, user=jane)
    assert event.detail == {
        "reason": "A",
        "ticket": "T-88121",
        "note": "Left it at home",
        "evidence": "document",
    }


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("reason", "Choose why the client needs a Temporary Code"),
        ("ticket", "Enter the ticket number of this case"),
        ("document_seen", "Choose where you saw the document"),
        ("document", "Choose which document you saw"),
    ],
)
def test_what_is_missing_is_said_and_the_entries_are_kept(
    desk: IssuePage, jane: User, missing: str, words: str
) -> None:
    response = desk.issue(note="at the airport", **{missing: ""})
    assert response.status_code == 422
    assert text_of(response).count(words) == 2  # in the summary, and beside the field
    assert b'value="at the airport"' in response.content
    assert issued(jane) == []
    assert not IdentityCheck.objects.exists()


def test_without_evidence_it_says_so_and_offers_both(desk: IssuePage, jane: User) -> None:
    response = desk.post("issue")
    assert response.status_code == 422
    assert "Nothing proves yet who is calling. Do one of the proofs in block 1" in text_of(response)
    assert buttons_of(response) >= {"issue", "ask"}
    assert b'value="T-88121"' in response.content
    assert desk.issue().status_code == 200


def test_pressure_needs_a_second_person_whatever_was_proven(desk: IssuePage, jane: User) -> None:
    response = desk.issue(pressure="on")
    assert response.status_code == 422
    assert "under pressure" in text_of(response)
    assert buttons_of(response) & {"issue", "ask"} == {"ask"}
    assert desk.issue().status_code == 422, "unticking takes nothing back"
    assert issued(jane) == []


def test_a_double_click_makes_one_code(desk: IssuePage, jane: User) -> None:
    first, second = desk.issue(), desk.issue()
    assert digits_in(first)
    assert second.status_code == 409
    assert digits_in(second) == ""
    assert "This code was shown once." in text_of(second)
    assert len(issued(jane)) == 1


def test_enter_in_a_field_never_issues(desk: IssuePage, jane: User) -> None:
    unfinished = desk.post("", reason="", **DOCUMENT)
    assert unfinished.status_code == 422
    complete = desk.post("", **DOCUMENT)
    assert complete.status_code == 200
    assert "Nothing was issued yet" in text_of(complete)
    assert desk.post("nonsense", **DOCUMENT).status_code == 200
    assert issued(jane) == []


@pytest.mark.parametrize("request_id", ["", "x", "0"])
def test_a_form_without_its_name_issues_nothing(
    desk: IssuePage, jane: User, request_id: str
) -> None:
    assert desk.issue(request_id=request_id).status_code == 422
    assert issued(jane) == []


# Words that are kept -----------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["ticket", "note"])
@pytest.mark.parametrize(
    "words",
    [
        "482719036",
        "code 482 719 036",
        "482-719-036.",
        "4 8 2 7 1 9 0 3 6",
        "T-88121 482 719 036",
        "４８２７１９０３６",
    ],
)
def test_a_code_is_kept_out_of_the_words(
    desk: IssuePage, jane: User, field: str, words: str
) -> None:
    response = desk.issue(**{field: words})
    assert response.status_code == 422
    assert "Leave the code out." in text_of(response)
    assert issued(jane) == []


@pytest.mark.parametrize("words", [RIGHT_TO_LEFT, "a\x1bb", "a\u2028b", "a\u2066b", "a\x85b"])
def test_what_cannot_be_seen_is_kept_out_of_the_words(
    desk: IssuePage, jane: User, words: str
) -> None:
    response = desk.issue(ticket=words)
    assert response.status_code == 422
    assert "characters that cannot be seen" in text_of(response)
    assert issued(jane) == []


def test_other_numbers_are_welcome(desk: IssuePage) -> None:
    assert (
        desk.issue(ticket="INC0012345678", note="Flies on 2025-10-26 at 14:05").status_code == 200
    )


def test_a_ticket_has_at_most_forty_characters(desk: IssuePage, jane: User) -> None:
    assert desk.issue(ticket="T" * 41).status_code == 422
    assert desk.issue(ticket="T" * 40).status_code == 200


@pytest.mark.parametrize(
    "nasty", ["<script>alert(1)</script>", "=cmd|' /C calc'!A1", "{{ 7*7 }}", "'; DROP TABLE x"]
)
def test_a_hostile_name_and_ticket_are_plain_text(sam: User, nasty: str) -> None:
    client = factories.make_user("nasty.name", first_name=nasty, last_name=RIGHT_TO_LEFT)
    desk = IssuePage(sam, client)
    shown, read_out = desk.get(), desk.issue(ticket=nasty)
    assert read_out.status_code == 200
    for response in (shown, read_out):
        content = response.content.decode()
        assert "<script>alert" not in content
        assert nasty in text_of(response) or "<script>" in nasty
        # A name that turns the line stays within its own element.
        for mark in re.finditer(RIGHT_TO_LEFT, content):
            before = content[: mark.start()]
            assert before.count("<bdi>") > before.count("</bdi>")
    assert (
        SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED, user=client).detail["ticket"] == nasty
    )


# Fresh proof -------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["issue", "ask"])
def test_an_old_session_proves_itself_first_and_nothing_typed_is_lost(
    desk: IssuePage, jane: User, clock: Clock, do: str
) -> None:
    clock.shift(timedelta(minutes=5))
    response = desk.post(do, note="Flies tonight", pressure="on", reason="B", **DOCUMENT)
    assert response.status_code == 302
    assert response["Location"] == f"/login/confirm/?next={desk.url.replace('/', '%2F')}"
    assert issued(jane) == []
    assert not Approval.objects.exists()
    assert not IdentityCheck.objects.exists()
    back = desk.get().content.decode()
    assert 'value="T-88121"' in back
    assert 'value="Flies tonight"' in back
    assert '<option value="passport" selected>' in back
    assert back.count(" checked") == 3  # reason B, in person, under pressure
    assert "T-88121" not in desk.get().content.decode(), "filled in once"


def test_the_check_number_never_waits_in_the_session(desk: IssuePage, clock: Clock) -> None:
    clock.shift(timedelta(minutes=5))
    desk.post("send_number")
    desk.issue(check_number="")
    assert "check_number" not in str(dict(desk.browser.session))


def test_after_the_proof_it_goes_on(desk: IssuePage, jane: User, clock: Clock) -> None:
    clock.shift(timedelta(minutes=5))
    desk.issue()
    session = desk.browser.session
    session[proof.PROVEN_AT_KEY] = (AUTUMN + timedelta(minutes=5)).isoformat()
    session.save()
    assert digits_in(desk.issue())
    assert len(issued(jane)) == 1


# Who may -----------------------------------------------------------------------------------------


def test_a_right_that_is_taken_away_meanwhile_is_gone(
    desk: IssuePage, jane: User, sam: User
) -> None:
    assert desk.get().status_code == 200
    sam.groups.clear()
    for response in (desk.get(), desk.issue(), desk.ask(), desk.post("show_number")):
        assert response.status_code == 403
    assert issued(jane) == []
    refused = SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED, user=jane, actor=sam)
    assert refused.count() == 3
    assert refused[0].detail == {"action": "issue"}


def test_an_auditor_and_the_own_record_are_refused(jane: User, sam: User) -> None:
    auditor = factories.make_staff("otto.auditor", Role.AUDITOR)
    assert IssuePage(auditor, jane).get().status_code == 403
    assert IssuePage(sam, sam).get().status_code == 403
    sam.user_permissions.add(*Permission.objects.all())
    assert IssuePage(sam, sam).issue().status_code == 403


def test_an_inactive_client_gets_none_and_the_page_says_why(desk: IssuePage, jane: User) -> None:
    User.objects.filter(pk=jane.pk).update(is_active=False)
    for response in (desk.get(), desk.issue()):
        assert response.status_code == 409
        assert "is not active" in text_of(response)
    assert issued(jane) == []


def test_there_is_no_page_for_nobody(desk: IssuePage) -> None:
    nobody = reverse("admin:temporary_code_issue", args=[999_999])
    assert desk.browser.get(nobody).status_code == 404


# Two agents --------------------------------------------------------------------------------------


def test_the_second_agent_sees_the_first_and_has_to_ask(desk: IssuePage, jane: User) -> None:
    other = IssuePage(factories.make_staff("olga.other", first_name="Olga"), jane)
    other.post("show_number")
    assert "Olga has been dealing with this client since 14:05" in text_of(desk.get())
    assert digits_in(desk.issue())
    response = other.issue()
    assert response.status_code == 422
    assert "The last Temporary Code was not followed by a card" in text_of(response)
    assert "by Sam Support" in text_of(response)
    assert buttons_of(response) & {"issue", "ask"} == {"ask"}
    assert len(issued(jane)) == 1
