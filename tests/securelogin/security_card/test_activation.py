"""Activation: the copy is proven with one pair, and everything that goes wrong before that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.security_card.models import Activation
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.contract import is_inside
from tests.securelogin.security_card.browser import LIST, Holder, holder_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
DAY = timedelta(hours=24)


@pytest.fixture
def holder(jane: User) -> Holder:
    """Jane, who sees her new card in her browser."""
    return holder_of(jane)


def test_the_right_digits_activate_for_21_days_from_now(holder: Holder, clock: Clock) -> None:
    clock.shift(timedelta(minutes=10))
    assert holder.activate(holder.answers[0])["Location"] == holder.url("active")
    card = holder.reload()
    assert card.status is Status.ACTIVE
    assert card.activated_at == AUTUMN + timedelta(minutes=10)
    assert card.expires_at == AUTUMN + timedelta(days=21, minutes=10)
    page = holder.client.get(holder.url("active")).content.decode()
    assert "Your Online Security Code Card is active" in page
    assert "14 November 2025, 13:15 (Zurich time)" in page
    assert card.short_serial in page


def test_it_is_complete_before_ok_is_pressed(holder: Holder) -> None:
    holder.activate(holder.answers[0])
    response = factories.sign_in(Client(), holder.user, holder.answers[1], "card_values")
    assert response["Location"] == "/home/"
    listed = holder.client.get(LIST).content.decode()
    assert "is active until 14 November 2025, 13:05 (Zurich time)" in listed


def test_it_ends_the_code_and_every_other_session(holder: Holder) -> None:
    code = TemporaryCode.objects.get()
    other = holder.another_browser()
    assert is_inside(other)
    holder.activate(holder.answers[0])
    code.refresh_from_db()
    assert (code.status, code.end_reason) == (Status.ENDED, EndReason.REPLACED)
    assert not is_inside(other)
    assert is_inside(holder.client)


def test_it_changes_the_session_key_and_forgets_the_nonce(holder: Holder) -> None:
    name = settings.SESSION_COOKIE_NAME
    before = holder.client.cookies[name].value
    assert "security_card" in holder.client.session
    holder.activate(holder.answers[0])
    assert holder.client.cookies[name].value != before
    assert "security_card" not in holder.client.session
    assert holder.client.get(holder.url(""))["Location"] == LIST
    for part in ("image.png", "download.png", "card.pdf"):
        assert holder.client.get(holder.url("", part)).status_code == 404


def test_it_is_told_by_event_and_mail(holder: Holder) -> None:
    holder.activate(holder.answers[0])
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ACTIVATED)
    assert (event.actor, event.device) == (holder.user, holder.card.persistent_id)
    (notice,) = holder.user.notices.filter(kind="card_activated")
    assert notice.context["until"] == "14 November 2025, 13:05 (Zurich time)"


def test_the_right_digits_twice_activate_once(holder: Holder) -> None:
    assert holder.card.activate(holder.answers[0]) is Activation.DONE
    assert holder.card.activate(holder.answers[0]) is Activation.ALREADY
    assert holder.reload().answered == 1
    assert holder.user.notices.filter(kind="card_activated").count() == 1


def test_sending_the_right_digits_again_shows_the_confirmation(holder: Holder) -> None:
    holder.activate(holder.answers[0])
    assert holder.activate(holder.answers[0])["Location"] == holder.url("active")
    assert holder.client.get(holder.url("active")).status_code == 200
    assert holder.client.get(holder.url("activate"))["Location"] == holder.url("active")


def test_the_confirmation_is_for_this_session_only(holder: Holder) -> None:
    holder.activate(holder.answers[0])
    elsewhere = Client()
    factories.sign_in(elsewhere, holder.user, holder.answers[1], "card_values")
    assert elsewhere.get(holder.url("active"))["Location"] == LIST


def test_a_kept_copy_is_activated_in_another_session(holder: Holder) -> None:
    holder.client.post("/logout/")
    other = holder.another_browser()
    shown = other.get(holder.url(""))
    assert "This card cannot be shown again" in shown.content.decode()
    assert "You requested a card but did not activate it" in other.get(LIST).content.decode()
    response = other.post(holder.url("activate"), {"card_values": holder.answers[0]})
    assert response["Location"] == holder.url("active")
    assert other.get(holder.url("active")).status_code == 200


def test_in_the_card_only_phase_it_gives_full_access_again(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    clock.shift(timedelta(days=5))
    client = Client()
    factories.sign_in(client, jane, digits)
    holder = holder_of(jane, client)
    assert not is_inside(client)
    holder.activate(holder.answers[0])
    assert is_inside(client)
