"""Where a client is logged in: seen, ended, and never somebody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Session, User
from accounts.own_sessions import public_id_of
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.contract import is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
URL = "/settings/user/sessions/"
COOKIE = django_settings.SESSION_COOKIE_NAME
PASSWORDS = [factories.PASSWORD, "another-lantern-88"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"
SAFARI = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18 Safari/604.1"


class Home:
    """A client with one card and any number of browsers."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.card, self.answers = factories.make_card(user)

    def browser(self, agent: str = FIREFOX, address: str = "198.51.100.7") -> Client:
        """One more browser, logged in with the card's next answer."""
        self.card.refresh_from_db()
        client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
        answer = self.answers[self.card.answered]
        assert factories.sign_in(client, self.user, answer, "card_values").status_code == 302
        return client


@pytest.fixture
def home(jane: User) -> Home:
    """Jane's."""
    return Home(jane)


def words(client: Client, url: str = URL) -> str:
    """The visible words of a page."""
    page = re.sub(r"<svg.*?</svg>", "", client.get(url).content.decode(), flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def rows(client: Client) -> list[str]:
    """The sessions on the page, each in its words."""
    page = client.get(URL).content.decode()
    return [
        unescape(" ".join(re.sub(r"<[^>]+>", " ", part).split()))
        for part in re.findall(r'<li class="device">(.*?)</dl>', page, re.DOTALL)
    ]


def key_of(client: Client) -> str:
    """The session key in this browser's cookie."""
    return client.cookies[COOKIE].value


def end(client: Client, other: str) -> Any:
    """Press "Log out" beside the session with this key."""
    return client.post(f"{URL}{public_id_of(other)}/end/")


# What is shown --------------------------------------------------------------------------------


def test_this_browser_alone(home: Home) -> None:
    client = home.browser()
    (row,) = rows(client)
    assert row.startswith("Firefox (this browser) Logged in 24 October 2025, 14:05 (Zurich time)")
    assert "Last active Now" in row
    assert f"Device {home.card.title}" in row
    assert "198.51.100.0/24" in row
    assert "198.51.100.7" not in row
    assert "Log out everywhere else" not in words(client)


def test_another_browser_is_shown_with_its_facts(home: Home, clock: Clock) -> None:
    other = home.browser(SAFARI, "203.0.113.9")
    clock.shift(timedelta(minutes=5))
    other.get("/home/")
    clock.shift(timedelta(minutes=5))
    here, there = rows(home.browser())
    assert here.startswith("Firefox (this browser)")
    assert there.startswith("Safari Logged in 24 October 2025, 14:05")
    assert "Last active 24 October 2025, 14:10 (Zurich time)" in there
    assert "203.0.113.0/24" in there


def test_the_facts_stay_when_the_session_gets_a_new_key(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = Client(headers={"user-agent": SAFARI}, REMOTE_ADDR="203.0.113.9")
    factories.sign_in(client, jane, digits)
    path = client.post("/settings/user/secure-login/card/")["Location"]
    row = SecurityCard.objects.latest("pk")
    answer = factories.answers_of(client, row)[0]
    client.post(f"{path}activate/", {"card_values": answer})
    (shown,) = rows(client)
    assert shown.startswith("Safari (this browser)")
    assert "203.0.113.0/24" in shown
    assert SecurityCard.objects.get(pk=row.pk).title in shown


def test_no_key_is_on_the_page_and_the_names_say_nothing(home: Home) -> None:
    browsers = [home.browser() for _ in range(3)]
    page = browsers[0].get(URL).content.decode()
    for browser in browsers:
        assert key_of(browser) not in page
    names = re.findall(rf"{URL}([^/]+)/end/", page)
    assert sorted(names) == sorted(public_id_of(key_of(browser)) for browser in browsers[1:])
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in names)


def test_nobody_elses_session_is_shown(home: Home, mallory: User) -> None:
    theirs = Home(mallory).browser(SAFARI)
    assert len(rows(home.browser())) == 1
    assert len(rows(theirs)) == 1


@pytest.mark.parametrize(
    "over",
    [
        lambda home, clock: clock.shift(timedelta(minutes=15)),
        lambda home, clock: home.card.end(EndReason.CANCELLED_BY_STAFF),
        lambda home, clock: factories.shift(home.card, timedelta(days=-21)),
        lambda home, clock: _change_password_in_the_database(home.user),
    ],
    ids=["idle", "revoked device", "expired device", "password"],
)
def test_a_session_that_is_over_is_not_shown(
    home: Home, clock: Clock, over: Callable[[Home, Clock], object]
) -> None:
    home.browser()
    over(home, clock)
    assert Session.objects.of(home.user).count() == 1
    password = next(known for known in PASSWORDS if User.objects.get().check_password(known))
    _code, digits = factories.make_code(home.user)
    client = Client()
    client.post("/login/", {"username": home.user.username, "password": password})
    choice = f"temporary-code-{home.user.temporarycodes.latest('pk').pk}"
    client.post(f"/login/verify/?device={choice}", {"temporary_code": digits})
    assert len(rows(client)) == 1
    assert "in another browser" not in words(client, "/home/")


def _change_password_in_the_database(user: User) -> None:
    user.set_password(PASSWORDS[1])
    User.objects.filter(pk=user.pk).update(password=user.password)


def test_a_session_past_its_absolute_end_is_not_shown(home: Home, clock: Clock) -> None:
    old = home.browser()
    for _ in range(33):
        clock.shift(timedelta(minutes=14, seconds=32))
        old.get("/home/")
    here = home.browser()
    assert len(rows(here)) == 2
    clock.shift(timedelta(minutes=14))
    assert len(rows(here)) == 1


def test_it_asks_the_database_as_often_for_two_as_for_twenty(
    home: Home, settings: Settings
) -> None:
    settings.SECURELOGIN = {"client_sessions": 20}
    client = home.browser()
    counts = []
    for more in (1, 10):
        for _ in range(more):
            home.browser()
        for url in (URL, "/home/", "/settings/user/"):
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
    assert counts[:3] == counts[3:]


# A login in another place ---------------------------------------------------------------------


def test_the_home_page_tells_of_another_browser(home: Home, clock: Clock) -> None:
    first = home.browser(SAFARI, "203.0.113.9")
    assert "in another browser" not in words(first, "/home/")
    clock.shift(timedelta(minutes=3))
    second = home.browser()
    for client, there, since in ((first, "Firefox", "14:08"), (second, "Safari", "14:05")):
        page = words(client, "/home/")
        told = f"You are also logged in in another browser ({there}) since 24 October 2025, {since}"
        assert told in page
        assert f'href="{URL}"' in client.get("/home/").content.decode()
    end(second, key_of(first))
    assert "in another browser" not in words(second, "/home/")


# Ending ---------------------------------------------------------------------------------------


def test_another_browser_is_logged_out(home: Home) -> None:
    here, there = home.browser(), home.browser(SAFARI)
    response = end(here, key_of(there))
    assert (response.status_code, response["Location"]) == (302, URL)
    assert "The other browser is logged out." in words(here)
    assert is_inside(here)
    page = there.get("/home/")
    assert page["Location"].startswith("/login/")
    event = SecurityEvent.objects.get(kind=Event.SESSION_ENDED_BY_OWNER)
    assert (event.user, event.actor, event.detail) == (home.user, home.user, {"sessions": 1})


def test_everywhere_else_at_once(home: Home, mallory: User) -> None:
    theirs = Home(mallory).browser()
    here, *others = [home.browser() for _ in range(4)]
    assert here.post(f"{URL}end-others/")["Location"] == URL
    assert is_inside(here)
    assert not any(is_inside(other) for other in others)
    assert is_inside(theirs)
    event = SecurityEvent.objects.get(kind=Event.SESSION_ENDED_BY_OWNER)
    assert event.detail == {"sessions": 3}


def test_nothing_to_end_is_no_event(home: Home) -> None:
    here = home.browser()
    assert here.post(f"{URL}end-others/").status_code == 302
    assert is_inside(here)
    assert not SecurityEvent.objects.filter(kind=Event.SESSION_ENDED_BY_OWNER).exists()


def test_a_foreign_an_own_and_an_invented_one_are_not_found(home: Home, mallory: User) -> None:
    here, theirs = home.browser(), Home(mallory).browser()
    answers = {
        (response.status_code, response.content)
        for response in (end(here, key_of(theirs)), end(here, "x"), end(here, key_of(here)))
    }
    assert [status for status, _page in answers] == [404]
    assert is_inside(here)
    assert is_inside(theirs)


def test_one_that_ran_out_meanwhile_can_be_ended_and_twice_cannot(home: Home, clock: Clock) -> None:
    there = home.browser()
    clock.shift(timedelta(minutes=10))
    here = home.browser()
    clock.shift(timedelta(minutes=5) + SECOND)
    assert end(here, key_of(there)).status_code == 302
    assert end(here, key_of(there)).status_code == 404
    assert SecurityEvent.objects.filter(kind=Event.SESSION_ENDED_BY_OWNER).count() == 1


def test_it_takes_a_post_with_a_token(home: Home) -> None:
    there = home.browser()
    here = home.browser()
    for url in (f"{URL}end-others/", f"{URL}{public_id_of(key_of(there))}/end/"):
        assert here.get(url).status_code == 405
        strict = Client(enforce_csrf_checks=True)
        strict.cookies[COOKIE] = key_of(here)
        assert strict.post(url).status_code == 403
    assert is_inside(there)


def test_a_request_under_way_does_not_bring_an_ended_session_back(home: Home) -> None:
    here, there = home.browser(), home.browser()
    slow = there.session
    end(here, key_of(there))
    slow.touch()  # type: ignore[attr-defined]
    assert not is_inside(there)


def test_a_client_who_is_switched_off_is_out_everywhere(home: Home) -> None:
    here, there = home.browser(), home.browser()
    User.objects.filter(pk=home.user.pk).update(is_active=False)
    assert not is_inside(here)
    assert not is_inside(there)


def test_staff_who_revoke_the_device_end_all_its_sessions(home: Home, sam: User) -> None:
    here, there = home.browser(), home.browser()
    home.card.end(EndReason.CANCELLED_BY_STAFF, by=sam)
    for client in (here, there):
        assert not is_inside(client)
    assert not Session.objects.of(home.user).exists()
