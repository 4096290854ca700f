"""Keys of cards: rotated ones still verify, removed ones never do, and the client is told."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.keys import KeyMissingError
from securelogin.security_card.models import Activation
from tests import factories
from tests.securelogin.security_card.browser import holder_of

pytestmark = pytest.mark.django_db
OLD, NEW = ("old", b"O" * 32), ("new", b"N" * 32)
CALL = "This card can no longer be checked. Call Client Services."


def test_a_card_of_an_older_key_still_activates_and_signs_in(
    settings: Settings, jane: User
) -> None:
    settings.ANSWER_KEYS = (OLD,)
    card, answers = factories.make_card(jane, active=False)
    settings.ANSWER_KEYS = (NEW, OLD)
    assert card.activate(answers[0]) is Activation.DONE
    assert card.key_id == "old"
    assert card.verify_token(answers[1])


def test_a_new_card_is_made_with_the_first_keys(settings: Settings, jane: User) -> None:
    settings.ANSWER_KEYS = settings.VALUE_KEYS = (NEW, OLD)
    card, answers = factories.make_card(jane)
    assert (card.key_id, card.value_key_id) == ("new", "new")
    settings.ANSWER_KEYS = (NEW,)
    assert card.verify_token(answers[1])


def test_a_card_of_a_removed_key_says_to_call_and_counts_nothing(
    settings: Settings, jane: User
) -> None:
    settings.ANSWER_KEYS = (OLD,)
    card, answers = factories.make_card(jane)
    settings.ANSWER_KEYS = (NEW,)
    for answer in answers[1:14]:
        response = factories.sign_in(Client(), jane, answer, "card_values")
        assert response.status_code == 422
    assert CALL in response.content.decode()
    assert card.attempts_left == 10
    card.refresh_from_db()
    assert card.answered == 1


def test_an_activation_under_a_removed_key_says_to_call_and_counts_nothing(
    settings: Settings, jane: User
) -> None:
    settings.ANSWER_KEYS = (OLD,)
    holder = holder_of(jane)
    # The Temporary Code of this session needs no key any more; a new check would.
    settings.ANSWER_KEYS = (NEW,)
    for _ in range(6):
        response = holder.activate(holder.answers[0])
    assert response.status_code == 422
    assert CALL in response.content.decode()
    assert holder.reload().activation_failures == 0


def test_the_same_id_with_another_key_does_not_open(settings: Settings, jane: User) -> None:
    settings.ANSWER_KEYS = (("k", OLD[1]),)
    card, answers = factories.make_card(jane)
    settings.ANSWER_KEYS = (("k", NEW[1]),)
    assert not card.verify_token(answers[1])


def test_a_card_whose_value_key_is_gone_cannot_be_shown_and_still_works(
    settings: Settings, jane: User
) -> None:
    settings.VALUE_KEYS = (OLD,)
    holder = holder_of(jane)
    settings.VALUE_KEYS = (NEW,)
    with pytest.raises(KeyMissingError, match="old"):
        holder.card.sheet(factories.nonce_of(holder.client))
    for file in ("image.png", "download.png", "card.pdf"):
        assert holder.client.get(holder.url("", file)).status_code == 404
    text = holder.client.get(holder.url("text"))
    assert "This card can no longer be shown" in text.content.decode()
    assert holder.activate(holder.answers[0])["Location"] == holder.url("active")


def test_an_error_about_a_key_names_its_id_only(settings: Settings, jane: User) -> None:
    settings.VALUE_KEYS = (OLD,)
    holder = holder_of(jane)
    settings.VALUE_KEYS = (NEW,)
    with pytest.raises(KeyMissingError) as raised:
        holder.card.sheet(factories.nonce_of(holder.client))
    for secret in (OLD[1], NEW[1]):
        assert secret.decode() not in str(raised.value)
