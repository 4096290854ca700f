"""What every device type must do, continued: its pages, its sessions, and what nobody may read."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from securelogin.lifecycle import EndReason
from securelogin.models import LoginDevice
from tests import factories
from tests.securelogin.contract import TypeContract, is_inside

LIST = "/settings/user/secure-login/"


@pytest.mark.django_db
def test_its_prompt_asks_for_its_answer(
    contract: TypeContract, device: LoginDevice, jane: User
) -> None:
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    response = client.get("/login/verify/")
    page = response.content.decode()
    assert response.status_code == 200
    assert f'name="{contract.config.load_answer_form().field_name}"' in page
    assert "maxlength" not in page
    wrong = {contract.config.load_answer_form().field_name: "x"}
    refused = client.post("/login/verify/", wrong)
    assert refused.status_code == 422
    assert ('value="x"' in refused.content.decode()) is contract.typed
    assert device.attempts_left == 10


@pytest.mark.django_db
def test_its_session_ends_with_it(contract: TypeContract, device: LoginDevice, jane: User) -> None:
    clients = [contract.sign_in(jane, device, contract.answer(device)) for _ in range(2)]
    assert all(is_inside(client) for client in clients)
    device.end(EndReason.CANCELLED_BY_STAFF)
    for client in clients:
        got = client.get("/home/")
        assert (got.status_code, got["Location"]) == (302, "/login/?next=%2Fhome%2F&r=ended")
        assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_its_session_ends_when_its_time_is_over_without_any_job(
    contract: TypeContract, device: LoginDevice, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    type(device).objects.filter(pk=device.pk).update(expires_at=device.activated_at)
    assert not is_inside(client)
    assert client.get(LIST).status_code == 302


@pytest.mark.django_db
def test_its_owner_sees_it_and_can_cancel_it(
    contract: TypeContract, device: LoginDevice, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    assert device.title in client.get(LIST).content.decode()
    assert device.protection.label in client.get(LIST).content.decode()
    cancel = f"{LIST}cancel/{device.type_slug}/{device.pk}/"
    asked = client.get(cancel)
    assert device.title in asked.content.decode()
    assert "only working security device" in asked.content.decode()
    device.refresh_from_db()
    assert device.ended_at is None
    done = client.post(cancel)
    assert done["Location"] == "/logged-out/?r=cancelled"
    device.refresh_from_db()
    assert device.end_reason == EndReason.CANCELLED_BY_CLIENT
    assert device.ended_by == jane


@pytest.mark.django_db
def test_nobody_else_can_see_or_cancel_it(device: LoginDevice, mallory: User) -> None:
    client = factories.client_with_code(mallory)
    cancel = f"{LIST}cancel/{device.type_slug}/{device.pk}/"
    missing = client.get(f"{LIST}cancel/{device.type_slug}/987654/")
    for response in (client.get(cancel), client.post(cancel)):
        assert response.status_code == 404
        assert response.content == missing.content
    device.refresh_from_db()
    assert device.ended_at is None
