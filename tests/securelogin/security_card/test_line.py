"""The line of those who wait for a card: who goes next, and when each comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from securelogin.security_card.line import (
    COUNTED,
    KEPT,
    LATEST,
    OVERDUE,
    PUT_OFF,
    Turn,
    in_words,
    wait_in_seconds,
)
from securelogin.security_card.models import SecurityCard
from tests.securelogin.clock import AUTUMN, SECOND
from tests.securelogin.security_card.crowd import in_line

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _one_place(settings: Settings) -> None:
    settings.CARDS_AT_ONCE = 1


@pytest.mark.parametrize(
    ("ahead", "places", "seconds"),
    [
        (0, 1, 2),
        (1, 1, 3),
        (3, 1, 3),
        (4, 1, 4),
        (100, 1, 100),
        (100, 16, 7),
        (299, 1, 299),
        (300, 1, 300),
        (10_000, 1, 300),
        (15, 16, 2),
        (16, 16, 3),
        (0, 64, 2),
    ],
)
def test_who_is_further_in_front_comes_back_sooner(ahead: int, places: int, seconds: int) -> None:
    assert wait_in_seconds(ahead, places) == seconds


def test_a_newcomer_goes_at_once_while_nobody_waits(jane: User) -> None:
    assert Turn.objects.may_go(jane, AUTUMN)
    in_line("first", AUTUMN, since=MINUTE, back_in=MINUTE)
    assert not Turn.objects.may_go(jane, AUTUMN)


def test_who_was_told_to_come_now_takes_a_free_place(jane: User) -> None:
    in_line("first", AUTUMN, since=MINUTE, back_in=MINUTE)
    turn = Turn.objects.wait(jane, AUTUMN)
    assert (turn.ahead, turn.back_at) == (1, AUTUMN + 3 * SECOND)
    assert not Turn.objects.may_go(jane, AUTUMN + 2 * SECOND)
    assert Turn.objects.may_go(jane, AUTUMN + 3 * SECOND)


def test_who_is_first_need_not_wait_for_the_told_time(jane: User) -> None:
    Turn.objects.wait(jane, AUTUMN)
    in_line("later", AUTUMN, since=-SECOND, back_in=MINUTE)
    assert Turn.objects.may_go(jane, AUTUMN + SECOND)


def test_coming_back_keeps_the_place_in_front_of_those_who_came_later(jane: User) -> None:
    Turn.objects.wait(jane, AUTUMN)
    in_line("later", AUTUMN, since=-SECOND, back_in=MINUTE)
    again = Turn.objects.wait(jane, AUTUMN + 3 * SECOND)
    assert (again.asked_at, again.ahead) == (AUTUMN, 0)
    assert Turn.objects.get(user=jane).asked_at == AUTUMN
    assert Turn.objects.get(user__username="later").asked_at == AUTUMN + SECOND


def test_who_does_not_come_back_stands_in_nobodys_way(jane: User) -> None:
    in_line("gone", AUTUMN, since=5 * MINUTE, back_in=-OVERDUE + SECOND)
    assert Turn.objects.wait(jane, AUTUMN).ahead == 1
    assert Turn.objects.wait(jane, AUTUMN + SECOND).ahead == 0
    assert Turn.objects.may_go(jane, AUTUMN + SECOND)


def test_who_comes_back_within_the_hour_has_the_same_place(jane: User) -> None:
    told = Turn.objects.wait(jane, AUTUMN).back_at
    last = told + KEPT - SECOND
    assert Turn.objects.wait(jane, last).asked_at == AUTUMN
    late = last + 3 * SECOND + KEPT
    assert Turn.objects.of(jane, late) is None
    assert Turn.objects.wait(jane, late).asked_at == late


def test_who_was_put_off_comes_after_whoever_asks_meanwhile(jane: User, mallory: User) -> None:
    in_line("waits", AUTUMN, since=MINUTE, back_in=MINUTE)
    Turn.objects.put_off(jane, AUTUMN)
    late = AUTUMN + PUT_OFF - SECOND
    assert Turn.objects.may_go(mallory, late)
    # Pressing brings nothing, with a free place and nobody in front.
    told = Turn.objects.wait(jane, late)
    assert (told.asked_at, told.back_at, told.ahead) == (late + SECOND, late + 2 * SECOND, 0)
    assert not Turn.objects.may_go(jane, late)
    assert Turn.objects.may_go(jane, late + SECOND)
    assert not Turn.objects.may_go(mallory, late + SECOND)


def test_a_click_that_is_refused_at_the_moment_of_another_ones_end_changes_no_time(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Turn.objects.wait(jane, AUTUMN)
    queryset = type(Turn.objects.all())
    really = queryset.before

    def before(self: Any, *args: Any) -> Any:
        Turn.objects.put_off(jane, AUTUMN + SECOND)
        return really(self, *args)

    monkeypatch.setattr(queryset, "before", before)
    Turn.objects.wait(jane, AUTUMN + SECOND)
    assert Turn.objects.get().asked_at == AUTUMN + SECOND + PUT_OFF


def test_the_length_of_the_line_is_counted_to_a_bound(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securelogin.security_card.line.COUNTED", 2)
    for number in range(3):
        in_line(f"client{number}", AUTUMN, since=MINUTE, back_in=MINUTE)
    turn = Turn.objects.wait(jane, AUTUMN)
    assert (turn.ahead, turn.is_long) == (2, True)
    # The bound changes no wait on a machine of up to 33 places.
    assert wait_in_seconds(COUNTED, 33) == LATEST


def test_the_job_forgets_places_that_were_given_up(jane: User) -> None:
    in_line("gone", AUTUMN, since=2 * KEPT, back_in=-KEPT)
    Turn.objects.wait(jane, AUTUMN)
    SecurityCard.objects.end_run_out(AUTUMN)
    assert [turn.user_id for turn in Turn.objects.all()] == [jane.pk]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (3, "3 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (300, "5 minutes"),
    ],
)
def test_a_wait_is_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
