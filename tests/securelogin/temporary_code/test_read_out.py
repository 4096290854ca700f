"""The page that reads a code out: once, in groups and words, and what follows on it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from securelogin import codes
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.temporary_code.issue_page import IssuePage, digits_in, text_of

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]
NOT_UNDERSTOOD = "Not understood: make a new code"


@pytest.fixture
def desk(jane: User, sam: User) -> IssuePage:
    """Sam's page for Jane."""
    return IssuePage(sam, jane)


def the_code(client: User) -> TemporaryCode:
    """The client's newest code."""
    code: TemporaryCode = TemporaryCode.objects.of(client).latest("pk")
    return code


def repeat(desk: IssuePage, code: TemporaryCode, request_id: str = "") -> Any:
    """Press "Not understood"."""
    url = reverse("admin:temporary_code_repeat", args=[code.pk])
    return desk.browser.post(url, {"request_id": request_id or str(uuid.uuid4())})


def read_back(desk: IssuePage, code: TemporaryCode) -> Any:
    """Press "Client read it back correctly"."""
    url = reverse("admin:temporary_code_read_back", args=[code.pk])
    return desk.browser.post(url, follow=False)


def test_it_shows_groups_of_three_and_each_in_words(desk: IssuePage) -> None:
    response = desk.issue()
    digits = digits_in(response)
    text = text_of(response)
    assert len(digits) == 9
    for group, words in zip(codes.groups(digits), codes.words(digits), strict=True):
        assert f"{group} {words}" in text
    assert "I will read 9 digits in 3 groups." in text
    assert "Full access until 26 October 2025, 13:05 (Zurich time)" in text


@pytest.mark.parametrize("minutes", [1, 2, 5])
def test_it_hides_after_the_minutes_of_the_policy(
    desk: IssuePage, settings: Settings, minutes: int
) -> None:
    settings.SECURELOGIN = {**settings.SECURELOGIN, "read_out_minutes": minutes}
    response = desk.issue().content.decode()
    assert f'data-hide-after="{minutes * 60}"' in response
    assert f'<meta http-equiv="refresh" content="{minutes * 60};url=' in response


@pytest.mark.parametrize("language", ["en", "en-gb", "xx", ""])
def test_a_language_without_words_is_read_out_in_english(
    desk: IssuePage, jane: User, language: str
) -> None:
    User.objects.filter(pk=jane.pk).update(language=language)
    response = desk.issue()
    assert " ".join(codes.words(digits_in(response))[0].split()) in text_of(response)


def test_no_other_answer_holds_it(desk: IssuePage, jane: User) -> None:
    digits = digits_in(desk.issue())
    state = reverse("admin:temporary_code_state", args=[jane.pk])
    repeated = reverse("admin:temporary_code_repeat", args=[the_code(jane).pk])
    answers = [desk.issue(), desk.get(), desk.browser.get(state), desk.browser.get(repeated)]
    spread = re.compile(r"\D{0,40}".join(codes.groups(digits)))
    for response in answers:
        assert not spread.search(response.content.decode())
    assert not spread.search(str(dict(desk.browser.session)))
    assert not spread.search(str(list(SecurityEvent.objects.values())))


def test_read_back_correctly_is_recorded_once(desk: IssuePage, jane: User, sam: User) -> None:
    desk.issue()
    for _time in range(2):
        response = read_back(desk, the_code(jane))
        assert response["Location"] == reverse("admin:accounts_user_change", args=[jane.pk])
    assert the_code(jane).read_back_at == AUTUMN
    (event,) = SecurityEvent.objects.filter(kind=Event.DEVICE_READ_BACK)
    assert (event.user, event.actor) == (jane, sam)


@pytest.mark.parametrize("far", ["logged in", "card active"])
def test_a_client_who_is_faster_than_the_agent_has_read_it_back_all_the_same(
    desk: IssuePage, jane: User, far: str
) -> None:
    digits = digits_in(desk.issue())
    factories.sign_in(Client(), jane, digits)
    if far == "card active":
        factories.make_card(jane, code=the_code(jane))
        assert the_code(jane).ended_at is not None
    read_back(desk, the_code(jane))
    assert the_code(jane).read_back_at == AUTUMN


def test_a_code_that_another_took_the_place_of_is_not_confirmed(
    desk: IssuePage, jane: User
) -> None:
    desk.issue()
    first = the_code(jane)
    repeat(desk, first)
    read_back(desk, first)
    assert not TemporaryCode.objects.exclude(read_back_at=None).exists()


def test_too_late_or_somebody_elses_it_is_not_recorded(
    desk: IssuePage, jane: User, clock: Clock
) -> None:
    desk.issue()
    other = IssuePage(factories.make_staff("olga.other"), jane)
    read_back(other, the_code(jane))
    clock.shift(timedelta(minutes=10))
    response = desk.browser.post(
        reverse("admin:temporary_code_read_back", args=[the_code(jane).pk]), follow=True
    )
    assert the_code(jane).read_back_at is None
    assert "Not recorded" in text_of(response)


def test_not_understood_reads_out_another_and_ends_the_first(desk: IssuePage, jane: User) -> None:
    first = digits_in(desk.issue())
    old = the_code(jane)
    response = repeat(desk, old)
    second = digits_in(response)
    new = the_code(jane)
    assert second != first
    assert new.is_code(second)
    old.refresh_from_db()
    assert old.end_reason == EndReason.REPLACED


def test_it_is_made_anew_twice_then_a_second_person_has_to_agree(
    desk: IssuePage, jane: User
) -> None:
    response = desk.issue()
    for _time in range(2):
        assert NOT_UNDERSTOOD in text_of(response)
        response = repeat(desk, the_code(jane))
        assert digits_in(response)
    assert NOT_UNDERSTOOD not in text_of(response)
    assert "ask for approval" in text_of(response)
    refused = repeat(desk, the_code(jane))
    assert refused.status_code == 409
    assert digits_in(refused) == ""
    assert TemporaryCode.objects.of(jane).count() == 3


def test_a_double_click_makes_it_anew_once(desk: IssuePage, jane: User) -> None:
    desk.issue()
    code, request_id = the_code(jane), str(uuid.uuid4())
    assert digits_in(repeat(desk, code, request_id))
    again = repeat(desk, code, request_id)
    assert again.status_code == 409
    assert "This code was shown once." in text_of(again)
    assert TemporaryCode.objects.of(jane).count() == 2


def test_after_a_reload_a_new_one_can_be_made_from_there(desk: IssuePage, jane: User) -> None:
    desk.issue()
    reloaded = desk.issue()
    assert reloaded.status_code == 409
    assert "Make a new code" in text_of(reloaded)
    url = reverse("admin:temporary_code_repeat", args=[the_code(jane).pk])
    assert url in reloaded.content.decode()
    read_back(desk, the_code(jane))
    assert "Make a new code" not in text_of(desk.issue())


def test_an_old_session_proves_itself_and_comes_back_to_a_button(
    desk: IssuePage, jane: User, clock: Clock
) -> None:
    desk.issue()
    clock.shift(timedelta(minutes=5))
    code = the_code(jane)
    response = repeat(desk, code)
    url = reverse("admin:temporary_code_repeat", args=[code.pk])
    assert response["Location"] == f"/login/confirm/?next={url.replace('/', '%2F')}"
    assert TemporaryCode.objects.of(jane).count() == 1
    back = desk.browser.get(url)
    assert back.status_code == 200
    assert "Make a new code" in text_of(back)
    assert TemporaryCode.objects.of(jane).count() == 1


@pytest.mark.parametrize("request_id", ["x", "0", " "])
def test_a_press_without_a_name_makes_nothing(desk: IssuePage, jane: User, request_id: str) -> None:
    desk.issue()
    assert repeat(desk, the_code(jane), request_id).status_code == 422
    assert TemporaryCode.objects.of(jane).count() == 1


def test_a_right_that_is_taken_away_meanwhile_ends_it(
    desk: IssuePage, jane: User, sam: User
) -> None:
    desk.issue()
    sam.groups.clear()
    assert repeat(desk, the_code(jane)).status_code == 403
    assert read_back(desk, the_code(jane)).status_code == 403
    assert TemporaryCode.objects.of(jane).count() == 1
    assert the_code(jane).read_back_at is None


def test_another_agent_cannot_make_it_anew(desk: IssuePage, jane: User) -> None:
    desk.issue()
    other = IssuePage(factories.make_staff("olga.other"), jane)
    refused = repeat(other, the_code(jane))
    assert refused.status_code == 409
    assert digits_in(refused) == ""
    assert "Make a new code" not in text_of(refused)
    assert TemporaryCode.objects.of(jane).count() == 1


def test_both_buttons_are_posts(desk: IssuePage, jane: User) -> None:
    desk.issue()
    code = the_code(jane)
    url = reverse("admin:temporary_code_read_back", args=[code.pk])
    assert desk.browser.get(url).status_code == 405
    desk.browser.get(reverse("admin:temporary_code_repeat", args=[code.pk]))
    code.refresh_from_db()
    assert (code.read_back_at, code.ended_at) == (None, None)
    nobody = reverse("admin:temporary_code_repeat", args=[999_999])
    assert desk.browser.get(nobody).status_code == 404
