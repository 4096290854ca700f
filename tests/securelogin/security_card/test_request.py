"""Requesting a card: one for a session, three for a code, none for a password."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.models import User
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.security_card.models import (
    ConcurrentRequestError,
    SecurityCard,
)
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.security_card.browser import LIST, REQUEST, holder_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
BUTTON = "Request Online (Temporary) Security Code Card</button>"


def test_it_makes_a_waiting_card_and_shows_it(jane: User) -> None:
    holder = holder_of(jane)
    card = holder.card
    assert card.status is Status.WAITING
    assert card.activate_by == AUTUMN + timedelta(hours=24)
    assert (card.activated_at, card.expires_at, card.confirmed) == (None, None, False)
    assert card.requested_with == jane.temporarycodes.get().persistent_id
    assert holder.client.get(holder.url("")).status_code == 200
    assert card.what_it_may_do == "Can be activated until 25 October 2025, 14:05 (Zurich time)."


def test_each_view_of_its_values_is_recorded_once(jane: User) -> None:
    holder = holder_of(jane)
    told = SecurityEvent.objects.filter(kind=Event.DEVICE_SHOWN, user=jane, actor=jane)
    for part, detail in (("", {}), ("text", {"how": "text"})):
        before = told.count()
        assert holder.client.head(holder.url(part)).status_code == 200
        assert told.count() == before
        assert holder.client.get(holder.url(part)).status_code == 200
        assert told.count() == before + 1
        event = told.latest("pk")
        assert (event.device, event.detail) == (holder.card.persistent_id, detail)


def test_asking_again_in_the_same_session_gives_the_same_card(jane: User) -> None:
    holder = holder_of(jane)
    before = holder.client.session["security_card"]
    for _ in range(3):
        assert holder.client.post(REQUEST)["Location"] == holder.url("")
    assert SecurityCard.objects.count() == 1
    assert holder.client.session["security_card"] == before


@pytest.mark.parametrize("phase", [timedelta(0), timedelta(days=3)], ids=["full", "card only"])
def test_a_session_left_open_proves_both_factors_again_before_a_card(
    jane: User, clock: Clock, phase: timedelta
) -> None:
    code, digits = factories.make_code(jane)
    factories.shift(code, -phase)
    client = Client()
    factories.sign_in(client, jane, digits)
    clock.shift(timedelta(minutes=14))
    assert client.get(LIST).status_code == 200
    clock.shift(timedelta(minutes=1))
    asked = client.post(REQUEST)
    assert asked["Location"] == f"/login/confirm/?next={quote(LIST, safe='')}"
    assert not SecurityCard.objects.exists()
    page = client.get(asked["Location"])
    assert "Confirm that it is you" in page.content.decode()
    proof = {"password": factories.PASSWORD, "temporary_code": digits}
    assert client.post(asked["Location"], proof)["Location"] == LIST
    assert client.post(REQUEST)["Location"].endswith(
        "/card/" + SecurityCard.objects.get().public_id + "/"
    )


def test_a_get_makes_nothing(jane: User) -> None:
    client = factories.client_with_code(jane)
    assert client.get(REQUEST)["Location"] == LIST
    assert not SecurityCard.objects.exists()


def test_a_new_card_from_another_session_ends_the_one_that_waits(jane: User) -> None:
    first = holder_of(jane)
    second = holder_of(jane, first.another_browser())
    assert first.reload().end_reason == EndReason.REPLACED
    page = first.client.get(first.url("activate")).content.decode()
    assert "You have a newer card" in page
    assert first.card.short_serial in page
    assert second.card.short_serial in page
    for response in (first.activate(first.answers[0]), first.client.get(first.url(""))):
        assert "You have a newer card" in response.content.decode()
    assert second.activate(second.answers[0])["Location"] == second.url("active")


def test_without_the_nonce_in_the_session_there_is_no_card(jane: User) -> None:
    code, _digits = factories.make_code(jane)

    def no_session(_row: SecurityCard) -> None:
        raise OSError("the session store is down")

    with pytest.raises(OSError, match="session store"):
        SecurityCard.objects.make(jane, code, b"n" * 32, no_session)
    assert not SecurityCard.objects.exists()


def test_of_two_requests_at_once_the_second_sees_the_first(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _digits = factories.make_code(jane)
    real = type(SecurityCard.objects.all()).newest_id
    # While this request hashes, another one finishes.
    seen = iter([None])
    monkeypatch.setattr(
        type(SecurityCard.objects.all()),
        "newest_id",
        lambda self, user: next(seen, real(self, user)),
    )
    other, _answers = factories.make_card(jane, code=code, active=False)
    seen = iter([None])
    with pytest.raises(ConcurrentRequestError):
        SecurityCard.objects.make(jane, code, b"n" * 32, lambda _row: None)
    assert SecurityCard.objects.get() == other


def test_a_waiting_card_can_be_discarded_after_a_question(jane: User) -> None:
    holder = holder_of(jane)
    assert "Discard this card?" in holder.client.get(holder.url("discard")).content.decode()
    assert holder.reload().status is Status.WAITING
    assert holder.client.post(holder.url("discard"))["Location"] == LIST
    assert holder.reload().end_reason == EndReason.CANCELLED_BY_CLIENT
    assert "security_card" not in holder.client.session
    assert holder.client.get(LIST).status_code == 200


def test_a_click_whose_session_was_read_before_another_click_was_done_makes_no_second_card(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = factories.client_with_code(jane), Client()
    second.cookies = first.cookies
    real, clicks = secrets.token_bytes, iter([first])

    def meanwhile(count: int) -> bytes:
        for other in clicks:
            assert other.post(REQUEST).status_code == 302
        return real(count)

    monkeypatch.setattr(secrets, "token_bytes", meanwhile)
    response = second.post(REQUEST)
    card = SecurityCard.objects.get()
    assert response["Location"] == f"{REQUEST}{card.public_id}/"
    assert factories.answers_of(first, card)
    assert second.get(response["Location"]).status_code == 200
