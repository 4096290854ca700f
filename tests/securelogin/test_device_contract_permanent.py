"""What every type of device that lasts must do: several at once, hold, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import LoginDevice, Notice, SecurityEvent
from securelogin.permanent import PermanentDevice, TooManyDevicesError
from securelogin.registry import device_types
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.contract import TypeContract, contract_of, is_inside

pytestmark = pytest.mark.django_db
LIST = "/settings/user/secure-login/"


@pytest.fixture(
    params=[config for config in device_types() if not config.device_model.interim],
    ids=lambda config: config.slug,
)
def contract(request: pytest.FixtureRequest) -> TypeContract:
    """One type that lasts after the other."""
    return contract_of(request.param)


@pytest.fixture
def device(contract: TypeContract, jane: User) -> PermanentDevice:
    """Jane's device in force."""
    device = contract.device(jane)
    assert isinstance(device, PermanentDevice)
    return device


def page_of(name: str, device: LoginDevice) -> str:
    """The address of one of the pages about a device."""
    return f"{LIST}{name}/{device.type_slug}/{device.pk}/"


def held(device: PermanentDevice) -> PermanentDevice:
    """The same, on hold."""
    assert device.hold(by=None, ticket="T-1")
    device.refresh_from_db()
    return device


def test_on_hold_it_opens_nothing_and_its_sessions_end(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    assert is_inside(client)
    held(device)
    assert device.status is Status.ON_HOLD
    assert not device.hold(by=None)
    assert not is_inside(client)
    later = timezone.now() + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        assert not device.verify_token(contract.answer(device))
        assert device.verdict is Verdict.ENDED
        assert not is_inside(contract.sign_in(jane, device, contract.answer(device)))
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_HELD).count() == 1


def test_an_answer_that_meets_the_hold_on_its_way_does_not_serve(
    contract: TypeContract, device: PermanentDevice
) -> None:
    """The row was read before the hold, and is used up after it."""
    answer = contract.answer(device)
    type(device).objects.get(pk=device.pk).hold(by=None)
    assert not device.verify_token(answer)


def test_its_owner_takes_it_back_alone_and_the_bridges_end(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    held(device)
    code, digits = factories.make_code(jane)
    client = Client()
    factories.sign_in(client, jane, digits)
    before = client.session.session_key
    listed = client.get(LIST).content.decode()
    assert "On hold" in listed
    assert page_of("reactivate", device) in listed
    shown = client.get(page_of("reactivate", device)).content.decode()
    assert device.short_serial in shown
    done = contract.send(client, page_of("reactivate", device), contract.answer(device))
    assert (done.status_code, done["Location"]) == (302, page_of("in-use-again", device))
    assert client.session.session_key != before
    page = client.get(done["Location"]).content.decode()
    assert "in use again" in page
    assert "Destroy every copy" in page
    device.refresh_from_db()
    code.refresh_from_db()
    assert device.status is Status.ACTIVE
    assert code.end_reason == EndReason.DEVICE_BACK
    assert Notice.objects.filter(user=jane, kind="device_back").count() == 1
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_REACTIVATED, user=jane).count() == 1
    # The session goes on with it, and the next login takes it.
    assert is_inside(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert is_inside(contract.sign_in(jane, device, contract.answer(device)))


def test_a_wrong_answer_takes_nothing_back_and_counts(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    held(device)
    client = factories.client_with_code(jane)
    refused = contract.send(client, page_of("reactivate", device), contract.wrong(device))
    assert refused.status_code == 422
    device.refresh_from_db()
    assert device.status is Status.ON_HOLD
    assert device.attempts_left == 9
    assert is_inside(client)


def test_a_session_for_the_card_page_takes_nothing_back(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    held(device)
    client = factories.client_with_code(jane)
    factories.shift(jane.temporarycodes.get(), -timedelta(days=2))
    address = page_of("reactivate", device)
    assert client.get(address)["Location"] == LIST
    assert contract.send(client, address, contract.answer(device)).status_code == 403
    device.refresh_from_db()
    assert device.status is Status.ON_HOLD


@pytest.mark.parametrize("name", ["reactivate", "rename", "added", "in-use-again", "cancel"])
def test_it_is_not_there_for_another_client(
    device: PermanentDevice, mallory: User, name: str
) -> None:
    held(device)
    client = factories.client_with_code(mallory)
    for response in (client.get(page_of(name, device)), client.post(page_of(name, device))):
        assert response.status_code in {404, 405}
    device.refresh_from_db()
    assert device.status is Status.ON_HOLD


def test_in_force_there_is_nothing_to_take_back(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    assert client.get(page_of("reactivate", device))["Location"] == LIST


def test_a_second_one_leaves_the_first_in_force(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    second = contract.device(jane)
    device.refresh_from_db()
    assert (device.status, second.status) == (Status.ACTIVE, Status.ACTIVE)
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    shown = client.get(f"/login/verify/?device={device.type_slug}-{device.pk}").content.decode()
    assert second.title in shown


def test_with_only_one_the_list_asks_for_a_second(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    words = "with a second you still log in"
    assert words in client.get(LIST).content.decode()
    contract.device(jane)
    assert words not in client.get(LIST).content.decode()


def test_a_new_one_ends_what_bridged_the_time(contract: TypeContract, jane: User) -> None:
    code, _digits = factories.make_code(jane)
    contract.device(jane)
    code.refresh_from_db()
    assert code.end_reason == EndReason.REPLACED
    assert Notice.objects.filter(user=jane, kind="device_added").count() == 1


def test_there_is_a_limit(
    contract: TypeContract, device: PermanentDevice, jane: User, settings: Settings
) -> None:
    settings.SECURELOGIN = {**settings.SECURELOGIN, "devices_of_a_type": 1}
    with pytest.raises(TooManyDevicesError):
        contract.device(jane)


def test_its_owner_names_it(contract: TypeContract, device: PermanentDevice, jane: User) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    address = page_of("rename", device)
    assert client.get(address).status_code == 200
    refused = client.post(address, {"name": "x" * 41})
    assert refused.status_code == 422
    assert "x" * 41 in refused.content.decode()
    assert client.post(address, {"name": "  My\u202e\n phone "})["Location"] == LIST
    assert "My phone" in client.get(LIST).content.decode()
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_RENAMED).count() == 1


def test_removing_it_asks_for_a_fresh_proof_and_warns_of_the_last_one(
    contract: TypeContract, device: PermanentDevice, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    address = page_of("cancel", device)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        for asked in (client.get(address), client.post(address)):
            assert asked["Location"].startswith("/login/confirm/?next=")
    device.refresh_from_db()
    assert device.ended_at is None
    assert "only working security device" in client.get(address).content.decode()
    contract.device(jane)
    assert "only working security device" not in client.get(address).content.decode()
    assert client.post(address)["Location"] == "/logged-out/?r=cancelled"
    device.refresh_from_db()
    assert device.end_reason == EndReason.CANCELLED_BY_CLIENT


def test_the_next_login_begins_with_the_device_used_last(
    contract: TypeContract,
    device: PermanentDevice,
    jane: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for config in device_types():
        if not config.device_model.interim:
            contract_of(config).device(jane)
    with django_capture_on_commit_callbacks(execute=True):
        contract.sign_in(jane, device, contract.answer(device))
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    page = client.get("/login/verify/").content.decode()
    assert contract.config.prompt_title in page
    assert f'action="?device={device.type_slug}-{device.pk}"' in page
