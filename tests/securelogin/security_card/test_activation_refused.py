"""Activation that does not succeed: wrong digits, too late, somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.security_card.models import Activation, SecurityCard
from tests import factories
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.contract import is_inside
from tests.securelogin.security_card.browser import Holder, holder_of, wrong

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
DAY = timedelta(hours=24)


@pytest.fixture
def holder(jane: User) -> Holder:
    """Jane, who sees her new card in her browser."""
    return holder_of(jane)


def test_wrong_digits_are_counted_aloud_and_the_fifth_cancels(holder: Holder) -> None:
    for left in (4, 3, 2, 1):
        response = holder.activate(wrong(holder.answers[0]))
        page = response.content.decode()
        assert response.status_code == 422
        assert f"You have {left} attempt{'s' if left > 1 else ''} left." in page
        last = "After that this card is cancelled and you can request a new one."
        assert (last in page) is (left == 1)
        assert holder.reload().status is Status.WAITING
    page = holder.activate(wrong(holder.answers[0])).content.decode()
    assert "This card was cancelled" in page
    assert "Request Online (Temporary) Security Code Card" in page
    assert holder.reload().end_reason == EndReason.WRONG_DIGITS
    assert holder.user.notices.filter(kind="card_cancelled_wrong").count() == 1
    assert "This card was cancelled" in holder.activate(holder.answers[0]).content.decode()
    assert holder.card.activate(holder.answers[0]) is Activation.OVER
    assert is_inside(holder.client)


def test_wrong_digits_are_on_record(holder: Holder) -> None:
    holder.activate(wrong(holder.answers[0]))
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ACTIVATION_REFUSED)
    assert (event.actor, event.device) == (holder.user, holder.card.persistent_id)
    assert event.detail == {"failures": 1}


def test_wrong_digits_at_activation_do_not_count_against_the_login(holder: Holder) -> None:
    for _ in range(5):
        holder.activate(wrong(holder.answers[0]))
    assert holder.card.attempts_left == 10


def test_a_copy_can_be_activated_for_24_hours_to_the_second(holder: Holder, clock: Clock) -> None:
    clock.shift(DAY)
    assert holder.card.activate(holder.answers[0]) is Activation.LATE
    clock.shift(-SECOND)
    assert holder.card.activate(holder.answers[0]) is Activation.DONE


def test_too_late_says_until_when_it_was_and_offers_a_new_card(
    holder: Holder, clock: Clock
) -> None:
    clock.shift(DAY)
    late = holder.another_browser()
    for response in (late.get(holder.url("activate")), late.get(holder.url(""))):
        page = response.content.decode()
        assert "This card was not activated in time" in page
        assert "25 October 2025, 14:05 (Zurich time)" in page
        assert "Request Online (Temporary) Security Code Card" in page


def test_another_clients_card_is_a_missing_one(holder: Holder, mallory: User) -> None:
    other = factories.client_with_code(mallory)
    for part in ("", "activate", "active", "text", "discard", "have-you-kept-it"):
        assert other.get(holder.url(part)).status_code == 404
    response = other.post(holder.url("activate"), {"card_values": holder.answers[0]})
    assert response.status_code == 404
    assert SecurityCard.objects.get().status is Status.WAITING
