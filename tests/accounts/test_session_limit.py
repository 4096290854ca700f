"""How many browsers may be logged in at once: with one more the oldest ends, and says why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Session, User
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.contract import is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
MINUTE = timedelta(minutes=1)


class Browsers:
    """One browser after the other, logged in with one Temporary Code, a minute apart."""

    def __init__(self, user: User, clock: Clock) -> None:
        self.user, self.clock = user, clock
        _code, self.digits = factories.make_code(user)
        self.opened: list[Client] = []

    def open(self, how_many: int) -> None:
        """So many more."""
        for _ in range(how_many):
            self.clock.shift(MINUTE)
            self.opened.append(Client())
            assert factories.sign_in(self.opened[-1], self.user, self.digits).status_code == 302

    @property
    def inside(self) -> list[bool]:
        """Which are logged in, in the order in which they were opened."""
        return [is_inside(client) for client in self.opened]


@pytest.fixture
def browsers(jane: User, clock: Clock) -> Browsers:
    """Jane's."""
    return Browsers(jane, clock)


def ended() -> list[dict[str, object]]:
    """The facts of each time that sessions gave way."""
    found = SecurityEvent.objects.filter(kind=Event.SESSION_ENDED_BY_LIMIT)
    return [event.detail for event in found.order_by("pk")]


def test_with_the_sixth_the_oldest_ends(browsers: Browsers) -> None:
    browsers.open(5)
    assert browsers.inside == [True] * 5
    assert ended() == []
    browsers.opened[0].get("/home/")  # Used last, and yet opened first.
    browsers.open(1)
    assert browsers.inside == [False] + [True] * 5
    assert ended() == [{"sessions": 1}]


def test_the_one_that_ended_is_told_why_and_whom_to_call(browsers: Browsers) -> None:
    browsers.open(6)
    response = browsers.opened[0].get("/home/")
    assert response["Location"] == "/login/?next=%2Fhome%2F&r=ended"
    page = browsers.opened[0].get(response["Location"]).content.decode()
    assert (
        "you logged in elsewhere: at most 5 browsers can be logged in at once, of our staff 1."
        in page
    )
    assert "Was it not you who logged in elsewhere? Call Client Services on +00 000" in page


def test_the_list_says_how_many(browsers: Browsers) -> None:
    browsers.open(1)
    page = browsers.opened[0].get("/settings/user/sessions/").content.decode()
    assert "5 can be open at once" in " ".join(page.split())


def test_of_staff_only_the_newest_stays(sam: User, clock: Clock) -> None:
    browsers = Browsers(sam, clock)
    browsers.open(3)
    assert browsers.inside == [False, False, True]
    assert ended() == [{"sessions": 1}, {"sessions": 1}]


def test_nobody_elses_gives_way(browsers: Browsers, mallory: User) -> None:
    theirs = factories.client_with_code(mallory)
    browsers.open(6)
    assert is_inside(theirs)


def test_a_session_that_is_over_takes_no_place(browsers: Browsers, jane: User) -> None:
    browsers.open(5)
    jane.temporarycodes.get().end(EndReason.REPLACED)
    assert Session.objects.of(jane).count() == 5, "rows go with their next request"
    _code, browsers.digits = factories.make_code(jane)
    browsers.open(5)
    assert ended() == []
    assert browsers.inside == [False] * 5 + [True] * 5


def test_an_installation_may_choose(browsers: Browsers, settings: Settings) -> None:
    settings.SECURELOGIN = {"client_sessions": 2}
    browsers.open(3)
    assert browsers.inside == [False, True, True]


def test_more_than_one_gives_way_where_the_number_was_lowered(
    browsers: Browsers, settings: Settings
) -> None:
    browsers.open(5)
    settings.SECURELOGIN = {"client_sessions": 2}
    browsers.open(1)
    assert browsers.inside == [False] * 4 + [True] * 2
    assert ended() == [{"sessions": 4}]


def test_a_fresh_proof_is_no_login(browsers: Browsers, jane: User) -> None:
    browsers.open(5)
    browsers.clock.shift(timedelta(minutes=6))
    fields = {"password": factories.PASSWORD, "temporary_code": browsers.digits}
    assert browsers.opened[0].post("/login/confirm/?next=/home/", fields).status_code == 302
    assert browsers.inside == [True] * 5
