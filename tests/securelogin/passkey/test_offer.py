"""Passkeys are offered to everybody, before the rest, and nothing else is praised like them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from securelogin.enrolment import types_to_add
from securelogin.protection import Protection
from securelogin.registry import DeviceTypeConfig, device_types
from tests import factories
from tests.securelogin.contract import contract_of
from tests.securelogin.passkey.authenticator import Authenticator
from tests.securelogin.passkey.steps import ADD, LIST, add, after_password, make_passkey

pytestmark = pytest.mark.django_db
PRAISE = "false website"
OTHERS = [config for config in device_types() if config.label != "passkey"]


def test_they_come_before_the_other_types(jane: User) -> None:
    """63B-4 2.2.2: encourage it."""
    assert types_to_add()[0].label == "passkey"
    offered = after_password(jane).get("/login/first-device/").content.decode()
    others = [offered.index(e.label) for config in types_to_add()[1:] if (e := config.enrolment)]
    assert offered.index("Add a passkey") < min(others)


@pytest.mark.parametrize("config", OTHERS, ids=lambda config: config.slug)
def test_whoever_has_another_device_is_offered_one(jane: User, config: DeviceTypeConfig) -> None:
    contract = contract_of(config)
    device = contract.device(jane)
    client = contract.sign_in(jane, device, contract.answer(device))
    for address in ("/home/", LIST):
        page = client.get(address).content.decode()
        assert f'href="{ADD}"' in page
        assert "there is nothing to type" in page


def test_whoever_has_one_is_left_in_peace(jane: User) -> None:
    client = factories.client_with_code(jane)
    add(client, Authenticator())
    assert "there is nothing to type" not in client.get("/home/").content.decode()
    assert ADD not in client.get("/home/").content.decode()


def test_on_the_page_of_the_list_one_on_hold_is_one(jane: User) -> None:
    passkey, _authenticator = make_passkey(jane)
    passkey.hold(by=None)
    assert ADD not in factories.client_with_code(jane).get("/home/").content.decode()


def test_a_code_that_only_leads_to_a_card_gets_no_offer(jane: User) -> None:
    client = factories.client_with_code(jane)
    factories.shift(jane.temporarycodes.get(), -timedelta(days=3))
    assert ADD not in client.get(LIST).content.decode()


def test_nothing_else_is_called_safe_from_a_false_website() -> None:
    """63B-4 3.2.5: what is typed by hand never is."""
    root = Path(settings.BASE_DIR) / "templates"
    said = {path.parent.name for path in root.rglob("*.*") if PRAISE in path.read_text().lower()}
    assert said == {"passkey"}
    praised = {
        config.label for config in types_to_add() if (e := config.enrolment) and PRAISE in e.text
    }
    assert praised == {"passkey"}
    best = {config.label for config in device_types() if config.protection is Protection.HIGHEST}
    assert best == {"passkey"}
