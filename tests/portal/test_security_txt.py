"""The file for people who found a weakness: RFC 9116, and what it names exists."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal import env

# Read now: the year is counted from the import, which must not be in a test with another clock.
from portal.security_txt import PATH


def fields() -> dict[str, str]:
    """Name -> value; none stands there twice."""
    text = Client().get(PATH).content.decode()
    assert text.endswith("\n")
    pairs = [line.split(": ", 1) for line in text.splitlines()]
    assert len({name for name, _value in pairs}) == len(pairs)
    return dict(pairs)


def test_it_is_plain_text_for_everybody() -> None:
    response = Client().get(PATH)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert Client().head(PATH).status_code == 200
    assert Client().post(PATH).status_code == 405


def test_it_names_the_contact_of_this_installation(settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:safe@bank.example"
    settings.SITE_URL = "https://bank.example"
    found = fields()
    assert found["Contact"] == "mailto:safe@bank.example"
    assert found["Canonical"] == f"https://bank.example{PATH}"
    assert found["Preferred-Languages"] == "en"


def test_it_expires_within_a_year_and_not_soon() -> None:
    expires = datetime.fromisoformat(fields()["Expires"])
    rest = expires - timezone.now()
    assert timedelta(days=360) < rest < timedelta(days=365)


def test_its_policy_is_on_the_page_that_it_names(settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:safe@bank.example"
    path, _, anchor = fields()["Policy"].removeprefix(settings.SITE_URL).partition("#")
    page = Client().get(path).content.decode()
    assert f'id="{anchor}"' in page
    assert "safe@bank.example" in page


@pytest.mark.parametrize("text", ["safe@bank.example", "http://bank.example/", "mailto:a\nb", " "])
def test_a_contact_that_no_program_could_use_refuses_to_start(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", text)
    with pytest.raises(ImproperlyConfigured, match="SECURITY_CONTACT"):
        env.contact("SECURITY_CONTACT", default="mailto:a@b.example")


@pytest.mark.parametrize("text", ["mailto:a@b.example", "https://b.example/report", "tel:+4100"])
def test_a_contact_is_an_address_of_a_kind(text: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", text)
    assert env.contact("SECURITY_CONTACT", default="") == text
