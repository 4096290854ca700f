"""User Settings: the box Security with its gear, and the two layouts of the menu."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User, validate_time_zone
from securelogin.lifecycle import EndReason
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/settings/user/"
LAYOUT = "/settings/user/layout/"


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in with a Temporary Code."""
    return factories.client_with_code(jane)


def text_of(page: str) -> str:
    """The visible words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_gear_beside_secure_login_system_leads_to_the_devices(client: Client) -> None:
    page = client.get(URL).content.decode()
    assert re.search(r"<h2[^>]*>\s*Security\s*</h2>", page)
    gear = re.search(r'<a [^>]*href="/settings/user/secure-login/"[^>]*>(.*?)</a>', page, re.DOTALL)
    assert gear
    assert text_of(re.sub(r"<svg.*?</svg>", "", gear[1], flags=re.DOTALL)).startswith("Configure")


def test_the_row_says_what_is_in_force_and_until_when(client: Client, jane: User) -> None:
    assert "Temporary Code, until" in text_of(client.get(URL).content.decode())
    card, answers = factories.make_card(jane)
    again = Client()
    factories.sign_in(again, jane, answers[1], "card_values")
    assert card.title in again.get(URL).content.decode()


def test_the_layout_is_kept(client: Client, jane: User) -> None:
    assert client.post(LAYOUT, {"layout": "classic"})["Location"] == URL
    jane.refresh_from_db()
    assert jane.layout == "classic"
    page = text_of(client.get("/home/").content.decode())
    for step in ("Manage Account", "Security", "Secure Login System", "Security Device"):
        assert step in page
    client.post(LAYOUT, {"layout": "standard"})
    assert "Manage Account" not in client.get("/home/").content.decode()


def test_the_classic_path_leads_to_the_same_page(client: Client) -> None:
    client.post(LAYOUT, {"layout": "classic"})
    page = client.get("/home/").content.decode()
    assert re.search(r'<a href="/settings/user/secure-login/"[^>]*>Security Device</a>', page)


@pytest.mark.parametrize("layout", ["", "sideways", "<b>", "classic "])
def test_another_layout_is_ignored(client: Client, jane: User, layout: str) -> None:
    before = jane.layout
    client.post(LAYOUT, {"layout": layout} if layout.strip() != "classic" else {})
    jane.refresh_from_db()
    assert jane.layout == before


def test_the_layout_is_chosen_by_post_only(client: Client) -> None:
    assert client.get(LAYOUT).status_code == 405


def test_the_page_has_the_clients_own_data_as_text(jane: User) -> None:
    jane.phone = "<b>+00 000 000 101</b>"
    jane.save()
    page = factories.client_with_code(jane).get(URL).content.decode()
    assert jane.email in page
    assert "&lt;b&gt;+00 000 000 101&lt;/b&gt;" in page


def test_times_are_those_of_the_clients_zone(jane: User) -> None:
    User.objects.update(time_zone="America/New_York")
    page = factories.client_with_code(jane).get("/home/").content.decode()
    assert "(New York time)" in page
    assert "(Zurich time)" not in page


def test_without_a_device_the_home_page_says_to_call(jane: User) -> None:
    holder_card, answers = factories.make_card(jane)
    client = Client()
    factories.sign_in(client, jane, answers[1], "card_values")
    holder_card.end(EndReason.CANCELLED_BY_STAFF)
    assert client.get("/home/").status_code == 302


def test_only_a_zone_that_exists_is_a_time_zone() -> None:
    from django.core.exceptions import ValidationError

    validate_time_zone("Europe/Zurich")
    for name in ("Europe/Zuerich", "", "CEST", "../etc"):
        with pytest.raises(ValidationError):
            validate_time_zone(name)


def test_user_names_and_phones_are_kept_so_that_they_are_found() -> None:
    user = factories.make_user("Jane.Capital", phone="+41 (0)44 000 00 00")
    assert user.username == "jane.capital"
    assert " 41440000000 " in user.search_text
    assert User.objects.get_by_natural_key(" JANE.capital ") == user
