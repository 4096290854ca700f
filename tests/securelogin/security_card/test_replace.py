"""Replacing a card from a session opened with it: a new copy, never more time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from securelogin.lifecycle import EndReason, Status
from securelogin.security_card.models import Activation, SecurityCard
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.contract import is_inside
from tests.securelogin.security_card.browser import LIST, Holder, holder_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
END = AUTUMN + timedelta(days=21)


@pytest.fixture
def old(jane: User) -> tuple[SecurityCard, list[str]]:
    """Jane's card, activated now."""
    return factories.make_card(jane)


def replacement(jane: User, answer: str) -> Holder:
    """A card requested from a session opened with the old one."""
    client = Client()
    assert factories.sign_in(client, jane, answer, "card_values").status_code == 302
    return holder_of(jane, client)


def test_the_new_card_keeps_the_old_end(
    jane: User, old: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    clock.shift(timedelta(days=10))
    new = replacement(jane, old[1][1])
    assert new.card.must_end_at == END
    assert new.card.sheet(factories.nonce_of(new.client)).ends_at == "14 Nov 2025, 13:05 UTC+01"
    new.activate(new.answers[0])
    assert new.reload().expires_at == END
    assert new.card.activated_at == AUTUMN + timedelta(days=10)
    page = new.client.get(new.url("active")).content.decode()
    assert "14 November 2025, 13:05 (Zurich time)" in page


def test_a_chain_of_replacements_never_gets_past_the_first_end(
    jane: User, old: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    answers = old[1]
    for _ in range(4):
        clock.shift(timedelta(days=5))
        new = replacement(jane, answers[1])
        new.activate(new.answers[0])
        answers = new.answers
    assert new.reload().expires_at == END
    clock.move_to(END)
    assert new.card.status is Status.ENDED


def test_the_old_card_works_until_the_new_one_is_activated(
    jane: User, old: tuple[SecurityCard, list[str]]
) -> None:
    card, answers = old
    new = replacement(jane, answers[1])
    assert card.status is Status.ACTIVE
    assert factories.sign_in(Client(), jane, answers[2], "card_values").status_code == 302
    elsewhere = Client()
    factories.sign_in(elsewhere, jane, answers[3], "card_values")
    new.activate(new.answers[0])
    card.refresh_from_db()
    assert card.end_reason == EndReason.REPLACED
    assert not card.verify_token(answers[4])
    assert is_inside(new.client)
    assert not is_inside(elsewhere)


def test_five_wrong_at_its_activation_leave_the_old_card_alone(
    jane: User, old: tuple[SecurityCard, list[str]]
) -> None:
    card, answers = old
    new = replacement(jane, answers[1])
    for _ in range(5):
        new.activate("".join(str(9 - int(digit)) for digit in new.answers[0]))
    assert new.reload().end_reason == EndReason.WRONG_DIGITS
    card.refresh_from_db()
    assert card.status is Status.ACTIVE
    assert is_inside(new.client)


def test_it_must_be_activated_before_the_end_that_it_keeps(
    jane: User, old: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    clock.move_to(END - timedelta(minutes=10))
    new = replacement(jane, old[1][1])
    assert new.card.activate_by == END
    clock.move_to(END)
    assert new.card.activate(new.answers[0]) is Activation.LATE


def test_a_temporary_code_gives_a_full_life_again(
    jane: User, old: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    clock.shift(timedelta(days=20))
    code, _digits = factories.make_code(jane)
    fresh, _answers = factories.make_card(jane, code=code)
    assert fresh.expires_at == AUTUMN + timedelta(days=41)
    old[0].refresh_from_db()
    assert old[0].end_reason == EndReason.REPLACED


def test_the_page_says_that_the_end_stays(jane: User, old: tuple[SecurityCard, list[str]]) -> None:
    client = Client()
    factories.sign_in(client, jane, old[1][1], "card_values")
    page = " ".join(client.get(LIST).content.decode().split())
    assert "keeps its end: 14 November 2025, 13:05 (Zurich time)" in page
