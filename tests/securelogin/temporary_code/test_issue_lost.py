"""The page that issues, for a client with devices of the own: which of them is lost?"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.lifecycle import EndReason, Status
from securelogin.permanent import PermanentDevice
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.lasting import held_device, own_device
from tests.securelogin.temporary_code.issue_page import DOCUMENT, IssuePage, digits_in, text_of

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]
QUESTION = "Reason B only: which device is lost?"
MISSING = "Choose which device is lost"


@pytest.fixture
def desk(jane: User, sam: User) -> IssuePage:
    """Sam's page for Jane."""
    return IssuePage(sam, jane)


def press(desk: IssuePage, do: str, *lost: PermanentDevice, **fields: str) -> Any:
    """Press a button with reason B, a document seen, and these boxes ticked."""
    data: dict[str, Any] = {"reason": "B", "ticket": "T-9", "request_id": desk.request_id}
    data |= {**DOCUMENT, **fields, "lost": [device.persistent_id for device in lost]}
    return desk.browser.post(desk.url, {"do": do, **data})


def ticked(response: Any) -> list[str]:
    """The devices whose boxes are ticked."""
    boxes = re.findall(r'<input type="checkbox" name="lost"[^>]*>', response.content.decode())
    return [re.findall(r'value="([^"]*)"', box)[0] for box in boxes if "checked" in box]


def status(device: PermanentDevice) -> Status:
    """As it is stored."""
    device.refresh_from_db()
    return device.status


# What it asks ------------------------------------------------------------------------------------


def test_without_own_devices_it_asks_nothing(desk: IssuePage, jane: User) -> None:
    gone = own_device(jane)
    gone.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    assert QUESTION not in text_of(desk.get())
    assert digits_in(desk.issue(reason="B"))


def test_the_only_one_is_ticked(desk: IssuePage, jane: User) -> None:
    phone = own_device(jane, "my phone")
    page = desk.get()
    assert QUESTION in text_of(page)
    assert ticked(page) == [phone.persistent_id]
    text = text_of(page)
    assert f"{phone.title} Active, added 24 October 2025" in text
    assert (
        f"With reason A on hold until the client has proven to have it again: {phone.title}" in text
    )
    assert "goes on hold, and its sessions end" in text, "said before the agent chooses"


def test_of_several_none_is_ticked_and_each_says_how_it_stands(desk: IssuePage, jane: User) -> None:
    phone, key = own_device(jane, "my phone"), held_device(jane, "my key")
    page = desk.get()
    assert ticked(page) == []
    assert f"{key.title} On hold until its owner proves it again" in text_of(page)
    summary = text_of(page).split("proven to have them again:")[1]
    assert phone.title in summary
    assert key.title in summary


def test_a_name_is_only_text(desk: IssuePage, jane: User) -> None:
    own_device(jane, "<script>alert(1)</script>")
    assert b"<script>alert" not in desk.get().content


# What it does ------------------------------------------------------------------------------------


def test_with_reason_b_something_has_to_be_named(desk: IssuePage, jane: User) -> None:
    phone, key = own_device(jane), own_device(jane)
    response = press(desk, "issue")
    assert response.status_code == 422
    assert text_of(response).count(MISSING) == 2  # in the summary, and beside the boxes
    assert b'href="#id_lost_0"' in response.content
    assert not TemporaryCode.objects.of(jane).exists()
    assert digits_in(press(desk, "issue", key))
    assert (status(phone), status(key)) == (Status.ACTIVE, Status.CANCELLED)


def test_the_only_one_unticked_has_to_be_named_too(desk: IssuePage, jane: User) -> None:
    own_device(jane)
    assert press(desk, "issue").status_code == 422
    assert press(desk, "ask").status_code == 422
    assert not Approval.objects.exists()


def test_with_reason_a_ticks_are_ignored(desk: IssuePage, jane: User) -> None:
    phone, key = own_device(jane), own_device(jane)
    assert digits_in(press(desk, "issue", phone, reason="A"))
    assert (status(phone), status(key)) == (Status.ON_HOLD, Status.ON_HOLD)


def test_a_device_of_somebody_else_cannot_be_named(
    desk: IssuePage, jane: User, mallory: User
) -> None:
    own_device(jane)
    theirs = own_device(mallory)
    response = press(desk, "issue", theirs)
    assert response.status_code == 422
    assert status(theirs) is Status.ACTIVE
    assert theirs.title not in text_of(response)
    assert not TemporaryCode.objects.of(jane).exists()


@pytest.mark.parametrize("value", ["", "x", "temporary_code.temporarycode/1", "x/" + "9" * 5000])
def test_what_is_no_device_cannot_be_named(desk: IssuePage, jane: User, value: str) -> None:
    own_device(jane)
    data = {"reason": "B", "ticket": "T-9", "request_id": desk.request_id, "lost": value}
    assert desk.browser.post(desk.url, {"do": "issue", **DOCUMENT, **data}).status_code == 422


def test_one_that_ended_since_the_page_was_made_is_no_mistake(desk: IssuePage, jane: User) -> None:
    phone, key = own_device(jane), own_device(jane)
    phone.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    assert digits_in(press(desk, "issue", phone))
    assert status(key) is Status.ACTIVE


def test_what_was_ticked_waits_for_the_fresh_proof(
    desk: IssuePage, jane: User, clock: Clock
) -> None:
    own_device(jane, "a")
    phone, key = own_device(jane, "b"), own_device(jane, "c")
    clock.shift(timedelta(minutes=5))
    assert press(desk, "issue", phone, key)["Location"].startswith("/login/confirm/")
    assert set(ticked(desk.get())) == {phone.persistent_id, key.persistent_id}


# With a second person ----------------------------------------------------------------------------


def test_the_second_person_sees_what_is_lost_and_just_that_is_ended(
    desk: IssuePage, jane: User
) -> None:
    phone, key = own_device(jane, "my phone"), own_device(jane, "my key")
    assert press(desk, "ask", phone, pressure="on").status_code == 302
    asked = Approval.objects.get()
    boss = factories.make_staff("bea.boss", Role.SUPERVISOR)
    bosses = factories.client_with_code(boss)
    text = text_of(bosses.get(reverse("admin:desk_approval_change", args=[asked.pk])))
    assert f"Lost devices {phone.title}" in text
    assert key.title not in text
    assert "each own device that is named as lost" in text
    assert f"Lost devices {phone.title}" in text_of(desk.get()), "the agent, too"
    asked.decide(boss, approve=True, reason="Known")
    approval = {"do": "issue", "approval": str(asked.pk), "lost": key.persistent_id}
    assert digits_in(desk.browser.post(desk.url, approval))
    assert (status(phone), status(key)) == (Status.CANCELLED, Status.ACTIVE)


def test_the_second_person_sees_what_is_over_by_now(desk: IssuePage, jane: User) -> None:
    phone = own_device(jane, "my phone")
    press(desk, "ask", phone, pressure="on")
    phone.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    assert f"Lost devices {phone.title} (over already)" in text_of(desk.get())


def test_started_again_the_same_boxes_are_ticked(desk: IssuePage, jane: User) -> None:
    own_device(jane, "a")
    phone, key = own_device(jane, "b"), own_device(jane, "c")
    press(desk, "ask", phone, key, pressure="on")
    boss = factories.make_staff("bea.boss", Role.SUPERVISOR)
    Approval.objects.get().decide(boss, approve=False, reason="Ask again")
    desk.request_id = str(uuid.uuid4())
    assert set(ticked(desk.get("?again"))) == {phone.persistent_id, key.persistent_id}


def test_reason_a_says_to_both_that_all_go_on_hold(desk: IssuePage, jane: User) -> None:
    phone = own_device(jane)
    press(desk, "ask", phone, reason="A", pressure="on")
    text = text_of(desk.get())
    assert "Lost devices" not in text
    assert "goes on hold" in text
