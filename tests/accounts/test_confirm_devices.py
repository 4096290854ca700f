"""A fresh proof: which devices answer, once each, and which sessions may ask for one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpRequest

from accounts.models import Session, User
from securelogin import proof
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from securelogin.proof import PROVEN_AT_KEY
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.accounts.inside import (
    ADDRESS,
    BACK,
    FIVE,
    NEUTRAL,
    Inside,
    counts,
    text,
    with_card,
)
from tests.securelogin.clock import Clock
from tests.securelogin.contract import is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_an_answer_of_a_card_serves_once(jane: User, clock: Clock) -> None:
    inside, card, answers = with_card(jane, clock)
    assert inside.confirm(card_values=answers[2])["Location"] == BACK
    clock.shift(FIVE)
    response = inside.confirm(card_values=answers[2])
    assert response.status_code == 422
    assert NEUTRAL in text(response)
    card.refresh_from_db()
    assert card.answered == 3


def test_a_wrong_password_uses_no_answer_of_a_card_up(jane: User, clock: Clock) -> None:
    """SECURITY: another question afterwards would tell that the answer was right."""
    inside, card, answers = with_card(jane, clock)
    pair = card.pair
    assert inside.confirm("wrong", card_values=answers[2]).status_code == 422
    card.refresh_from_db()
    assert (card.answered, card.pair) == (2, SecurityCard.objects.get(pk=card.pk).pair)
    assert pair is not None
    clock.shift(timedelta(minutes=1))
    assert inside.confirm(card_values=answers[2]).status_code == 302


def test_typed_index_numbers_tell_nothing_of_the_password(jane: User, clock: Clock) -> None:
    inside, card, _answers = with_card(jane, clock)
    card.refresh_from_db()
    assert card.pair is not None
    typed = f"{card.pair.first:03}{card.pair.second:03}"
    response = inside.confirm("wrong", card_values=typed)
    assert "You entered the index numbers." in text(response)
    assert counts(jane) == []
    assert NEUTRAL in text(inside.confirm("wrong", card_values=typed))


def test_a_replaced_code_is_not_told_apart(inside: Inside, jane: User) -> None:
    old = inside.digits
    _card, answers = factories.make_card(jane)
    factories.sign_in(inside.client, jane, answers[1], "card_values")
    factories.make_code(jane)
    newest, _digits = factories.make_code(jane)
    session = inside.client.session
    del session[PROVEN_AT_KEY]
    session.save()
    address = f"{ADDRESS}&device=temporary-code-{newest.pk}"
    assert NEUTRAL in text(inside.confirm(address=address, temporary_code=old))


def test_a_device_of_somebody_else_is_not_asked(inside: Inside, mallory: User) -> None:
    theirs, digits = factories.make_code(mallory)
    address = f"{ADDRESS}&device=temporary-code-{theirs.pk}"
    assert NEUTRAL in text(inside.confirm(address=address, temporary_code=digits))
    assert not inside.is_fresh


def test_a_device_for_the_card_page_only_proves_nothing(jane: User, clock: Clock) -> None:
    inside, _card, _answers = with_card(jane, clock)
    code, digits = factories.make_code(jane)
    factories.shift(code, timedelta(days=-3))
    address = f"{ADDRESS}&device=temporary-code-{code.pk}"
    page = text(inside.client.get(address))
    assert "Enter your Card Values" in page
    assert "Temporary Code" not in page.split("<main")[1]
    assert inside.confirm(address=address, temporary_code=digits).status_code == 422


def test_a_card_without_answers_sends_to_client_services(jane: User, clock: Clock) -> None:
    inside, card, _answers = with_card(jane, clock)
    SecurityCard.objects.filter(pk=card.pk).update(answered=112)
    for response in (inside.client.get(ADDRESS), inside.confirm(card_values="123456")):
        assert response.status_code == 200
        assert "No security device of yours can confirm it now." in text(response)
    assert not inside.is_fresh


def test_the_session_of_an_ended_device_proves_nothing(inside: Inside) -> None:
    TemporaryCode.objects.get().end(EndReason.CANCELLED_BY_STAFF)
    assert inside.confirm()["Location"].startswith("/login/?")
    assert not is_inside(inside.client)


def test_the_session_of_a_device_that_ran_out_proves_nothing(inside: Inside) -> None:
    factories.shift(TemporaryCode.objects.get(), timedelta(days=-13))
    assert inside.confirm()["Location"].startswith("/login/?")


def test_a_session_for_the_card_page_proves_with_what_it_was_opened_with(inside: Inside) -> None:
    factories.shift(TemporaryCode.objects.get(), timedelta(days=-3))
    assert "Enter your Temporary Code" in text(inside.client.get(ADDRESS))
    assert inside.confirm()["Location"] == BACK
    # It reaches no further than before.
    assert inside.client.get(BACK)["Location"] == "/settings/user/secure-login/"


def test_a_session_ended_meanwhile_is_not_continued(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended_meanwhile(*_args: object) -> bool:
        Session.objects.all().delete()
        return True

    monkeypatch.setattr("accounts.views.check_password", ended_meanwhile)
    assert inside.confirm().status_code == 422
    assert Session.objects.count() == 0
    assert not SecurityEvent.objects.filter(kind=Event.PROOF_ACCEPTED).exists()


def test_when_the_proof_cannot_be_stored_the_answer_is_not_used_up(
    jane: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, card, answers = with_card(jane, clock)

    def broken(_request: HttpRequest) -> None:
        raise RuntimeError

    monkeypatch.setattr(proof, "note", broken)
    inside.client.raise_request_exception = False
    assert inside.confirm(card_values=answers[2]).status_code == 500
    card.refresh_from_db()
    assert card.answered == 2
    assert is_inside(inside.client)
