"""Revoking a device: the reason, the consequence told before, and what is over already."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from securelogin.desk.revoking import RevokeReason, note_of, open_sessions_of
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import LoginDevice, SecurityEvent
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.contract import TypeContract, is_inside
from tests.securelogin.temporary_code.issue_page import text_of

LAST = "It is the last usable device"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")


@pytest.fixture
def desk(sam: User) -> Client:
    """The browser of a support agent."""
    return factories.client_with_code(sam)


def address(device: LoginDevice) -> str:
    """Of the page that revokes it."""
    meta = device._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_revoke", args=[device.pk])


def revoke(desk: Client, device: LoginDevice, reason: str = "client_asks", words: str = "") -> Any:
    """Press the button."""
    return desk.post(address(device), {"reason": reason, "words": words})


def ended(device: LoginDevice) -> SecurityEvent:
    """The event of its end."""
    return SecurityEvent.objects.get(kind=Event.DEVICE_ENDED, device=device.persistent_id)


@pytest.mark.parametrize("reason", RevokeReason)
def test_each_reason_ends_it_and_is_on_record(
    desk: Client, device: LoginDevice, sam: User, reason: RevokeReason
) -> None:
    response = revoke(desk, device, reason, "Called twice")
    assert (response.status_code, response["Location"]) == (
        302,
        reverse("admin:accounts_user_change", args=[device.user_id]),
    )
    device.refresh_from_db()
    lost = reason in {RevokeReason.LOST, RevokeReason.STOLEN}
    expected = EndReason.REPORTED_LOST if lost else EndReason.CANCELLED_BY_STAFF
    assert (device.end_reason, device.ended_by) == (expected, sam)
    event = ended(device)
    assert event.actor == sam
    assert event.detail == {"reason": expected.value, "note": note_of(reason, "Called twice")}


def test_the_words_are_optional() -> None:
    assert note_of(RevokeReason.STOLEN, "") == "stolen"
    assert note_of(RevokeReason.CLIENT_ASKS, "moves") == "the client asks for it: moves"


@pytest.mark.parametrize(
    ("reason", "words", "said"),
    [
        ("", "", "Choose why it is revoked"),
        ("because", "", "because is not one of the available choices"),
        ("lost", "The code was 123 456 789", "Leave the code out"),
        ("lost", "abc\u202edef", "characters that cannot be seen"),
    ],
)
def test_without_a_reason_nothing_ends(
    desk: Client, device: LoginDevice, reason: str, words: str, said: str
) -> None:
    response = revoke(desk, device, reason, words)
    assert response.status_code == 422
    assert said in text_of(response)
    device.refresh_from_db()
    assert device.ended_at is None


def test_no_reason_is_chosen_beforehand(desk: Client, device: LoginDevice) -> None:
    assert "checked" not in desk.get(address(device)).content.decode()


def test_the_page_says_how_many_sessions_end_and_they_do(
    desk: Client, contract: TypeContract, device: LoginDevice, clock: Clock
) -> None:
    def page() -> str:
        return text_of(desk.get(address(device)))

    assert "No session of it is open now." in page()
    first = contract.sign_in(device.user, device, contract.answer(device))
    assert "1 open session of it ends now." in page()
    clock.shift(timedelta(seconds=2))
    device.refresh_from_db()
    second = contract.sign_in(device.user, device, contract.answer(device))
    assert "2 open sessions of it end now." in page()
    revoke(desk, device)
    assert not is_inside(first)
    assert not is_inside(second)


def test_sessions_of_other_devices_and_people_do_not_count(
    device: LoginDevice, contract: TypeContract, mallory: User, clock: Clock
) -> None:
    factories.client_with_code(mallory)
    contract.sign_in(device.user, device, contract.answer(device))
    assert open_sessions_of(device) == 1
    clock.shift(timedelta(minutes=15))
    assert open_sessions_of(device) == 0


def test_the_last_usable_device_is_named_as_such(desk: Client, device: LoginDevice) -> None:
    assert LAST in text_of(desk.get(address(device)))


def test_one_of_several_is_not(desk: Client, jane: User) -> None:
    card, _answers = factories.make_card(jane)
    factories.make_code(jane)
    assert LAST not in text_of(desk.get(address(card)))


def test_what_is_over_already_is_said_and_stays_as_it_ended(
    desk: Client, device: LoginDevice
) -> None:
    revoke(desk, device, "lost")
    page = desk.get(address(device))
    assert page.status_code == 200
    assert f"{device.title} is over already" in text_of(page)
    assert "reported lost" in text_of(page)
    assert 'name="reason"' not in page.content.decode()
    revoke(desk, device, "mistake")
    record = reverse("admin:accounts_user_change", args=[device.user_id])
    assert f"{device.title} was over already." in text_of(desk.get(record))
    assert ended(device).detail["note"] == "lost"


def test_it_needs_no_fresh_proof(desk: Client, device: LoginDevice, clock: Clock) -> None:
    """It is the safe direction: nothing should stand in its way."""
    clock.shift(timedelta(minutes=10))
    revoke(desk, device)
    device.refresh_from_db()
    assert device.ended_at is not None
