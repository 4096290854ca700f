"""The name of the site that passkeys are made for."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from securelogin.passkey.ceremony import RelyingParty, relying_party
from securelogin.passkey.checks import site_can_have_passkeys


@pytest.mark.parametrize(
    ("address", "rp_id", "origin"),
    [
        ("https://portal.example", "portal.example", "https://portal.example"),
        ("https://Portal.Example:443/", "portal.example", "https://portal.example"),
        ("https://portal.example:8443", "portal.example", "https://portal.example:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_it_is_the_host_of_the_portal(
    settings: Settings, address: str, rp_id: str, origin: str
) -> None:
    settings.SITE_URL = address
    assert relying_party() == RelyingParty(rp_id, origin)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://portal.example", []),
        ("http://localhost:8000", []),
        ("http://127.0.0.1:8000", ["securelogin.W012"]),
        ("https://[2001:db8::1]", ["securelogin.W012"]),
        ("portal.example", ["securelogin.E012"]),
    ],
)
def test_an_address_that_no_browser_makes_passkeys_for_is_named(
    settings: Settings, address: str, found: list[str]
) -> None:
    settings.SITE_URL = address
    assert [message.id for message in site_can_have_passkeys(None)] == found
