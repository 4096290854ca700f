"""The nonce of a card lives in one session, until the card needs it no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from securelogin.security_card.views.own import SHOWN_KEY
from tests import factories
from tests.security.cast import CARD, LIST


def ended(client: Client) -> bool:
    """Whether this browser is a visitor again."""
    response = client.get(LIST)
    return response.status_code == 302 and response["Location"].startswith(("/login", "/logged"))


def after(**by: float) -> Any:
    """The clock, that much later."""
    return time_machine.travel(timezone.now() + timedelta(**by), tick=False)


@pytest.mark.django_db
def test_after_activation_the_nonce_is_nowhere(jane: User) -> None:
    shown = factories.client_with_code(jane)
    path = shown.post(CARD)["Location"]
    answer = factories.answers_of(shown, jane.securitycards.get())[0]
    other = Client()
    first_session = Session.objects.get(session_key=shown.cookies["sid"].value)
    assert SHOWN_KEY in first_session.get_decoded()
    # Activated from another session, with the kept copy.
    other.cookies["sid"] = _second_session(jane)
    done = other.post(f"{path}activate/", {"card_values": answer})
    assert done["Location"] == f"{path}active/"
    assert [row for row in Session.objects.all() if SHOWN_KEY in row.get_decoded()] == []
    assert Session.objects.filter(user=jane).count() == 1
    assert ended(shown)
    assert not ended(other)


def _second_session(user: User) -> str:
    first = Session.objects.get(user=user)
    data = {k: v for k, v in first.get_decoded().items() if k != SHOWN_KEY}
    store = Session.get_session_store_class()()
    store.update(data)
    store.create()
    store.update(data)
    store.save()
    return str(store.session_key)


@pytest.mark.django_db
def test_a_card_that_keeps_its_end_does_not_wait_longer_than_that(jane: User) -> None:
    card, answers = factories.make_card(jane)
    factories.shift(card, timedelta(days=-20, hours=-23))
    client = Client()
    factories.sign_in(client, jane, answers[1], "card_values")
    client.post(CARD)
    fresh = jane.securitycards.latest("pk")
    assert fresh.activate_by == fresh.must_end_at == card.expires_at


@pytest.mark.django_db
def test_expired_sessions_are_deleted_by_the_job(jane: User) -> None:
    factories.client_with_code(jane).post(CARD)
    with after(minutes=16):
        call_command("run_jobs", verbosity=0)
    assert Session.objects.count() == 0
