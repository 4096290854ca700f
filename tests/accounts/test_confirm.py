"""A fresh proof: password and device once more, in one form that never says which was wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import known_browsers
from accounts.models import Session, User
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, SecurityEvent, factor_key
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.accounts.inside import (
    ADDRESS,
    BACK,
    CONFIRM,
    FIVE,
    NEUTRAL,
    Inside,
    counts,
    text,
    with_card,
    wrong,
)
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.contract import is_inside, same_for_everybody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
COOKIE = settings.SESSION_COOKIE_NAME


# Right ------------------------------------------------------------------------------------------


def test_it_is_fresh_for_five_minutes_after_the_login_to_the_second(
    jane: User, clock: Clock
) -> None:
    client = factories.client_with_code(jane)
    clock.shift(FIVE - SECOND)
    assert client.get(ADDRESS)["Location"] == BACK
    clock.shift(SECOND)
    assert client.get(ADDRESS).status_code == 200


def test_both_right_go_back_with_a_fresh_proof_under_a_new_key(inside: Inside) -> None:
    before = inside.client.cookies[COOKIE].value
    response = inside.confirm()
    assert (response.status_code, response["Location"]) == (302, BACK)
    assert inside.is_fresh
    assert inside.client.cookies[COOKIE].value != before
    assert not Session.objects.filter(session_key=before).exists()
    assert is_inside(inside.client)


def test_it_is_on_record_with_the_device(inside: Inside, jane: User) -> None:
    inside.confirm()
    event = SecurityEvent.objects.first()
    assert event is not None
    assert (event.kind, event.user, event.actor) == (Event.PROOF_ACCEPTED, jane, jane)
    assert event.device == TemporaryCode.objects.get().persistent_id
    assert event.detail == {}


def test_the_page_says_why_and_asks_as_the_login_does(inside: Inside) -> None:
    page = text(inside.client.get(ADDRESS))
    assert "Confirm that it is you" in page
    assert "because you last used them a while ago" in page
    assert 'autocomplete="current-password"' in page
    assert "Enter your Temporary Code" in page
    assert f'href="{BACK}"' in page


def test_looking_changes_nothing(inside: Inside) -> None:
    events, session = SecurityEvent.objects.count(), dict(inside.client.session)
    inside.client.get(ADDRESS)
    assert (SecurityEvent.objects.count(), dict(inside.client.session)) == (events, session)


def test_the_device_of_the_session_is_asked_first_and_another_may_be_chosen(
    jane: User, clock: Clock
) -> None:
    inside, card, _answers = with_card(jane, clock)
    code, digits = factories.make_code(jane)
    assert "Enter your Card Values" in text(inside.client.get(ADDRESS))
    choice = f"temporary-code-{code.pk}"
    link = f"?device={choice}&amp;next={BACK}"
    assert link in text(inside.client.get(ADDRESS))
    chosen = f"{ADDRESS}&device={choice}"
    assert "Enter your Temporary Code" in text(inside.client.get(chosen))
    assert inside.confirm(address=chosen, temporary_code=digits)["Location"] == BACK
    card.refresh_from_db()
    assert card.answered == 2


def test_the_session_ends_with_the_device_that_proved_it_last(jane: User, clock: Clock) -> None:
    inside, _card, _answers = with_card(jane, clock)
    code, digits = factories.make_code(jane)
    inside.confirm(address=f"{ADDRESS}&device=temporary-code-{code.pk}", temporary_code=digits)
    assert is_inside(inside.client)
    code.end(EndReason.CANCELLED_BY_STAFF)
    assert not is_inside(inside.client)


def test_staff_see_the_same_page(sam: User, clock: Clock) -> None:
    inside = Inside(sam, clock)
    address = f"{CONFIRM}?next=/admin/"
    assert "Confirm that it is you" in text(inside.client.get(address))
    assert inside.confirm(address=address)["Location"] == "/admin/"


# Wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", ["password", "answer", "both"])
def test_whichever_half_is_wrong_the_answer_and_the_counts_are_the_same(
    inside: Inside, jane: User, half: str
) -> None:
    password = factories.PASSWORD if half == "answer" else "wrong"
    digits = inside.digits if half == "password" else wrong(inside.digits)
    response = inside.confirm(password, temporary_code=digits)
    assert response.status_code == 422
    page = text(response)
    assert NEUTRAL in page
    assert "Error: Confirm that it is you" in page
    assert "field-error" not in page
    assert not inside.is_fresh
    # The second factor, and the password from this browser, which is known.
    assert counts(jane) == [1, 1]
    event = SecurityEvent.objects.first()
    assert event is not None
    assert (event.kind, event.detail) == (Event.PROOF_REFUSED, {"failures": 1})
    assert not SecurityEvent.objects.filter(kind=Event.PASSWORD_REFUSED).exists()


def test_the_pages_of_the_halves_do_not_differ(inside: Inside, mallory: User, clock: Clock) -> None:
    pages = [inside.confirm("wrong"), inside.confirm(temporary_code=wrong(inside.digits))]
    clock.shift(timedelta(minutes=1))
    pages += [
        inside.confirm("wrong", temporary_code=inside.digits),
        Inside(mallory, clock).confirm(temporary_code="123123123"),
    ]
    # The second comes too early (the waits are those of the login), whatever it held.
    assert "Wait 1 second" in text(pages[1])
    assert [NEUTRAL in text(page) for page in pages] == [True, False, True, True]
    assert factories.PASSWORD not in "".join(map(text, pages))


def test_a_wrong_password_takes_the_work_of_both(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SECURITY: the time of a refusal must not tell which half was wrong."""
    judged: list[str] = []
    judge = TemporaryCode.judge

    def counted(self: TemporaryCode, answer: str, now: Any) -> Any:
        judged.append(answer)
        return judge(self, answer, now)

    monkeypatch.setattr(TemporaryCode, "judge", counted)
    inside.confirm("wrong")
    assert judged == [inside.digits]


def test_the_attempts_left_are_told_as_at_the_login(inside: Inside, clock: Clock) -> None:
    for _ in range(2):
        inside.confirm("wrong")
        clock.shift(timedelta(minutes=1))
    assert f"{NEUTRAL} You have 7 attempts left." in text(inside.confirm("wrong"))


def test_five_refusals_pause_the_password_and_then_nothing_is_looked_at(
    inside: Inside, jane: User, clock: Clock
) -> None:
    for _ in range(5):
        inside.confirm(temporary_code=wrong(inside.digits))
        clock.shift(timedelta(minutes=1))
    assert SecurityEvent.objects.filter(kind=Event.PASSWORD_PAUSED, user=jane).count() == 1
    before = counts(jane)
    pages = [inside.confirm(), inside.confirm("wrong")]
    assert same_for_everybody(pages[0].content) == same_for_everybody(pages[1].content)
    assert "Too many attempts. Wait 14 minutes, then try again." in text(pages[0])
    assert counts(jane) == before
    assert not inside.is_fresh


def test_the_login_and_the_proof_count_together(inside: Inside, clock: Clock) -> None:
    for _ in range(3):
        inside.confirm("wrong")
        clock.shift(timedelta(minutes=1))
    visitor = Client()
    visitor.cookies[known_browsers.COOKIE] = inside.client.cookies[known_browsers.COOKIE].value
    fields = {"username": inside.user.username, "password": "wrong"}
    answers = [text(visitor.post("/login/", fields)) for _ in range(3)]
    assert ["Too many attempts" in answer for answer in answers] == [False, False, True]


def test_ten_refusals_lock_the_second_factor_and_show_the_lock(
    inside: Inside, jane: User, clock: Clock
) -> None:
    Failures.objects.record(factor_key(jane.pk), policy().factor_limit)
    Failures.objects.update(count=9)
    assert inside.confirm("wrong").status_code == 429
    pages = [inside.confirm(), inside.confirm("wrong"), inside.client.get(ADDRESS)]
    assert [page.status_code for page in pages] == [429, 429, 429]
    assert all("Your login is locked" in text(page) for page in pages)
    assert SecurityEvent.objects.filter(kind=Event.LOGIN_LOCKED, user=jane).count() == 1
    assert not Failures.objects.filter(key__startswith="password:", count__gt=1).exists()


def test_a_right_proof_ends_both_series(inside: Inside, jane: User, clock: Clock) -> None:
    inside.confirm("wrong")
    clock.shift(timedelta(minutes=1))
    inside.confirm()
    assert counts(jane) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "", "temporary_code": "123456789"}, "Enter your password"),
        ({"password": "x", "temporary_code": ""}, "Enter the Temporary Code you were given"),
        ({"password": "x", "temporary_code": "12 34"}, "You entered 4."),
        ({}, "Enter your password"),
    ],
)
def test_what_cannot_be_right_is_said_at_the_field_and_counts_nothing(
    inside: Inside, jane: User, fields: dict[str, str], words: str
) -> None:
    response = inside.client.post(ADDRESS, fields)
    assert response.status_code == 422
    assert words in text(response)
    assert "field-error" in text(response)
    assert counts(jane) == []
