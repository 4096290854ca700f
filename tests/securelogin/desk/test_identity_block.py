"""The block "Who is calling?": what each button does, what counts, and what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import User
from securelogin.desk.models import IdentityCheck, NotSentError
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.temporary_code.issue_page import (
    DOCUMENT,
    IssuePage,
    buttons_of,
    digits_in,
    number_sent,
    text_of,
)

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]
PHONE = "+00 000 000 101"
FAILING_MAIL = "tests.securelogin.desk.test_identity_block.NoMail"


class NoMail:
    """A mail server that takes nothing."""

    def __init__(self, **_options: object) -> None:
        """As Django calls it."""

    def send_messages(self, _messages: object) -> int:
        """Refuse."""
        raise ConnectionRefusedError


@pytest.fixture
def jane(jane: User) -> User:
    """Jane, with a phone number on file for long."""
    jane.phone = PHONE
    jane.save()
    return jane


@pytest.fixture
def desk(jane: User, sam: User) -> IssuePage:
    """Sam's page for Jane, with everything filled in that is not about who is calling."""
    return IssuePage(sam, jane)


def happened(kind: Event) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()


def wrong(number: str) -> str:
    """Another check number."""
    return "".join(str(9 - int(digit)) for digit in number)


def test_it_says_that_knowledge_proves_nothing_and_asks_for_none(desk: IssuePage) -> None:
    text = text_of(desk.get()).lower()
    assert "what a caller merely knows, a date of birth or a city, proves nothing." in text
    for question in ("mother", "maiden", "security question", "last transaction"):
        assert question not in text


@pytest.mark.parametrize("do", ["show_number", "send_number", "compare"])
def test_a_button_of_the_block_loses_nothing_and_complains_of_nothing_else(
    desk: IssuePage, do: str
) -> None:
    desk.post("send_number")
    typed = {"ticket": "", "note": "at the gate", "document": "passport", "reason": "B"}
    response = desk.post(do, check_number="12 34", **typed)
    content = response.content.decode()
    assert 'value="at the gate"' in content
    assert '<option value="passport" selected>' in content
    assert 'value="12 34"' in content
    assert desk.request_id in content
    assert content.count(" checked") == 1
    assert "Enter the ticket number" not in content
    assert "Choose where you saw" not in content


# Call back ---------------------------------------------------------------------------------------


def test_the_number_is_masked_until_it_is_dialled_and_shown_in_one_answer(
    desk: IssuePage, sam: User
) -> None:
    assert PHONE not in desk.get().content.decode()
    assert "••• 101" in text_of(desk.get())
    shown = desk.post("show_number")
    assert f"Dial {PHONE}" in text_of(shown)
    assert PHONE not in desk.get().content.decode()
    assert PHONE not in desk.post("").content.decode()
    (event,) = SecurityEvent.objects.filter(kind=Event.NUMBER_SHOWN)
    assert event.actor == sam
    assert PHONE not in str(event.detail)


def test_a_call_to_the_number_shown_is_evidence(desk: IssuePage) -> None:
    desk.post("show_number")
    assert digits_in(desk.post("issue", called_back="on"))
    issued = SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED, detail__ticket="T-88121")
    assert issued.detail["evidence"] == "call_back"


def test_a_call_to_a_number_that_was_not_shown_is_none(desk: IssuePage) -> None:
    response = desk.post("issue", called_back="on")
    assert response.status_code == 422
    assert "Press Show number to dial first." in text_of(response)
    assert digits_in(response) == ""
    assert happened(Event.CALLED_BACK) == 0


@pytest.mark.parametrize("phone", ["", "+00 000 000 202"])
def test_a_number_that_is_missing_or_fresh_is_no_proof(
    desk: IssuePage, jane: User, phone: str
) -> None:
    desk.post("show_number")
    jane.change_contact(phone=phone)
    text = text_of(desk.get())
    if phone:
        assert "the number ••• 202 is on file since 24 October 2025" in text
        assert "It counts from 7 November 2025, 13:05 (Zurich time)" in text
    else:
        assert "no phone number is on file" in text
    assert "show_number" not in buttons_of(desk.get())
    again = desk.post("show_number")
    assert "cannot be used for a call back" in text_of(again)
    assert PHONE not in again.content.decode()
    assert desk.post("issue", called_back="on").status_code == 422
    assert happened(Event.CALLED_BACK) == 0


def test_a_number_counts_from_the_very_second(desk: IssuePage, jane: User, clock: Clock) -> None:
    User.objects.filter(pk=jane.pk).update(phone_since=AUTUMN - timedelta(days=14) + SECOND)
    assert "show_number" not in buttons_of(desk.get())
    clock.shift(SECOND)
    assert "show_number" in buttons_of(desk.get())


# Check number ------------------------------------------------------------------------------------


def test_it_is_really_sent_and_really_compared(desk: IssuePage, jane: User) -> None:
    sent = desk.post("send_number")
    assert [mail.outbox[-1].to, len(number_sent())] == [[jane.email], 6]
    assert "Sent at 14:05, works until 14:15" in text_of(sent)
    assert number_sent() not in sent.content.decode()
    number = number_sent()
    response = desk.post("compare", check_number=f"{number[:3]} {number[3:]}")
    assert response.status_code == 200
    assert "Done at 14:05: the right number was read back." in text_of(response)
    assert number not in response.content.decode()
    assert digits_in(desk.post("issue"))


def test_the_address_on_the_page_is_masked(desk: IssuePage, jane: User) -> None:
    content = desk.get().content.decode()
    assert "j•••@m•••.example" in content
    assert jane.email not in content


def test_a_wrong_number_is_counted_and_a_second_person_has_to_agree(desk: IssuePage) -> None:
    desk.post("send_number")
    number = number_sent()
    response = desk.post("compare", check_number=wrong(number))
    assert response.status_code == 422
    assert "That is not the number that was sent. 2 tries left." in text_of(response)
    assert happened(Event.CHECK_REFUSED) == 1
    assert desk.post("compare", check_number=number).status_code == 200
    issued = desk.post("issue")
    assert issued.status_code == 422
    assert "A wrong check number was read back in this call." in text_of(issued)
    assert "issue" not in buttons_of(issued)


def test_three_wrong_numbers_are_the_last(desk: IssuePage) -> None:
    desk.post("send_number")
    number = number_sent()
    for _time in range(3):
        response = desk.post("compare", check_number=wrong(number))
    assert "No other check number can be tried in this call." in text_of(response)
    text = text_of(desk.get())
    assert "Not possible any more: 3 wrong numbers read back." in text
    assert not {"send_number", "compare"} & buttons_of(desk.get())
    assert desk.post("compare", check_number=number).status_code == 422
    assert happened(Event.CHECK_MATCHED) == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter the check number the caller read back"),
        ("12345", "A check number has 6 digits. You entered 5."),
        ("12345x", "A check number has digits only."),
    ],
)
def test_what_cannot_be_the_number_is_not_counted(desk: IssuePage, typed: str, words: str) -> None:
    desk.post("send_number")
    response = desk.post("compare", check_number=typed)
    assert response.status_code == 422
    assert words in text_of(response)
    assert happened(Event.CHECK_REFUSED) == 0


def test_nothing_is_compared_before_one_was_sent(desk: IssuePage) -> None:
    response = desk.post("compare", check_number="123456")
    assert response.status_code == 422
    assert "Send a check number first." in text_of(response)
    assert happened(Event.CHECK_REFUSED) == 0


def test_an_expired_number_says_what_to_do_next(desk: IssuePage, clock: Clock) -> None:
    desk.post("send_number")
    number = number_sent()
    clock.shift(timedelta(minutes=10))
    assert "The number sent at 14:05 has expired" in text_of(desk.get())
    response = desk.post("compare", check_number=number)
    assert response.status_code == 422
    assert "This check number has expired. Send a new one." in text_of(response)
    desk.post("send_number")
    assert desk.post("compare", check_number=number_sent()).status_code == 200


def test_another_is_sent_once_a_minute_and_the_first_is_void(desk: IssuePage, clock: Clock) -> None:
    desk.post("send_number")
    first = number_sent()
    clock.shift(timedelta(seconds=20))
    early = desk.post("send_number")
    assert "Wait 40 seconds." in text_of(early)
    assert len(mail.outbox) == 1 + _notices()
    clock.shift(timedelta(seconds=40))
    desk.post("send_number")
    assert number_sent() != first
    assert desk.post("compare", check_number=first).status_code == 422
    assert desk.post("compare", check_number=number_sent()).status_code == 200


def test_the_model_itself_sends_once_a_minute(desk: IssuePage, clock: Clock) -> None:
    desk.post("send_number")
    check = IdentityCheck.objects.get()
    clock.shift(timedelta(seconds=59))
    with pytest.raises(NotSentError):
        check.send_number()
    clock.shift(SECOND)
    check.send_number()
    assert happened(Event.CHECK_SENT) == 2


def _notices() -> int:
    """Mails that are none of the check: those of Sam's own login."""
    return sum("check number" not in message.subject for message in mail.outbox)


@pytest.mark.parametrize("do", ["issue", "ask", "", "compare"])
def test_a_typed_number_is_compared_whatever_is_pressed(desk: IssuePage, do: str) -> None:
    desk.post("send_number")
    response = desk.post(do, check_number=wrong(number_sent()))
    assert response.status_code == 422
    assert happened(Event.CHECK_REFUSED) == 1


def test_a_right_typed_number_issues_in_one_press(desk: IssuePage) -> None:
    desk.post("send_number")
    assert digits_in(desk.post("issue", check_number=number_sent()))


def test_a_mail_server_that_is_down_is_no_drama(desk: IssuePage, settings: Settings) -> None:
    settings.EMAIL_BACKEND = FAILING_MAIL
    response = desk.post("send_number")
    assert response.status_code == 200
    assert "The check number could not be sent. Use another proof." in text_of(response)
    assert "compare" not in buttons_of(response)
    assert digits_in(desk.issue())


@pytest.mark.parametrize("email", ["", "new@mail.example"])
def test_an_address_that_is_missing_or_fresh_is_no_proof(
    desk: IssuePage, jane: User, email: str
) -> None:
    jane.change_contact(email=email)
    text = text_of(desk.get())
    assert ("no e-mail address is on file" in text) is (not email)
    assert ("the address n•••@m•••.example is on file since" in text) is bool(email)
    before = len(mail.outbox)
    response = desk.post("send_number")
    assert "could not be sent" in text_of(response)
    assert len(mail.outbox) == before


# Document, pressure, nothing at all --------------------------------------------------------------


def test_a_document_is_a_kind_and_a_place_and_no_number(desk: IssuePage) -> None:
    desk.issue(document="passport", document_seen="on_video")
    (event,) = SecurityEvent.objects.filter(kind=Event.DOCUMENT_SEEN)
    assert event.detail == {"document": "passport", "seen": "on_video"}
    content = desk.get().content.decode()
    assert "Never write down its number." in content


def test_what_was_established_is_on_the_page_until_it_was_acted_on(desk: IssuePage) -> None:
    desk.ask(**DOCUMENT)
    assert "Done at 14:05: Passport, seen in person." in text_of(desk.get("?again"))


@pytest.mark.parametrize("value", ["library_card", "<b>", "１"])
def test_only_documents_of_the_list_count(desk: IssuePage, value: str) -> None:
    assert desk.issue(document=value).status_code == 422
    assert happened(Event.DOCUMENT_SEEN) == 0


def test_pressure_is_noted_at_first_sight_and_not_taken_back(desk: IssuePage) -> None:
    desk.post("send_number", pressure="on")
    desk.post("send_number")
    assert happened(Event.PRESSURE_NOTED) == 1
    assert "Noted: the caller sounded under pressure." in text_of(desk.get())


def test_without_phone_and_address_a_document_is_left(desk: IssuePage, jane: User) -> None:
    User.objects.filter(pk=jane.pk).update(phone="", email="")
    text = text_of(desk.get())
    assert "no phone number is on file" in text
    assert "no e-mail address is on file" in text
    assert "the client is told by nobody but you" in text
    assert not {"show_number", "send_number", "compare"} & buttons_of(desk.get())
    assert digits_in(desk.issue())


def test_what_one_agent_established_is_nothing_to_another(
    desk: IssuePage, jane: User, sam: User
) -> None:
    desk.post("show_number")
    check = IdentityCheck.objects.get()
    assert (check.agent, check.client) == (sam, jane)
    other = IssuePage(factories.make_staff("olga.other"), jane)
    assert other.post("issue", called_back="on").status_code == 422
