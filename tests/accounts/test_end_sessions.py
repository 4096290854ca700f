"""The operator logs people out: one or all, at once, with an event for each."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from securelogin.events import Event
from securelogin.models import SecurityEvent, usable_devices
from tests import factories

pytestmark = pytest.mark.django_db


def said(*args: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("end_sessions", *args, stdout=out)
    return out.getvalue().strip()


def is_in(browser: Client) -> bool:
    """Whether this browser is logged in."""
    return browser.get("/home/").status_code == 200


def told() -> list[tuple[str, object, dict[str, object]]]:
    """The events: of whom, by whom, what."""
    events = SecurityEvent.objects.filter(kind=Event.SESSION_ENDED_BY_OPERATOR).order_by("user")
    return [(event.user.username, event.actor, event.detail) for event in events if event.user]


def test_it_logs_one_user_out_everywhere_and_leaves_the_devices(jane: User, mallory: User) -> None:
    browsers = [factories.client_with_code(jane) for _ in range(2)]
    other = factories.client_with_code(mallory)
    assert said(" Jane.Sample ") == "2 sessions ended"
    assert not any(is_in(browser) for browser in browsers)
    assert is_in(other)
    assert told() == [("jane.sample", None, {"sessions": 2})]
    [device] = usable_devices(jane, timezone.now())
    assert device.ended_at is None


def test_it_logs_everybody_out_and_ends_what_is_begun(jane: User, mallory: User) -> None:
    browsers = [factories.client_with_code(user) for user in (jane, jane, mallory)]
    begun = Client()
    begun.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    assert said("--all") == "4 sessions ended"
    assert not any(is_in(browser) for browser in browsers)
    assert begun.get("/login/verify/")["Location"].startswith("/login/")
    assert not Session.objects.exists()
    assert told() == [
        ("jane.sample", None, {"sessions": 2}),
        ("mallory.muster", None, {"sessions": 1}),
    ]


def test_a_second_time_there_is_nothing_to_end_and_to_tell(jane: User) -> None:
    factories.client_with_code(jane)
    assert said("jane.sample") == "1 sessions ended"
    assert said("jane.sample") == said("--all") == "0 sessions ended"
    assert len(told()) == 1


@pytest.mark.parametrize("args", [[], ["nobody"], ["jane.sample", "--all"]])
def test_it_ends_nothing_without_knowing_whose(jane: User, args: list[str]) -> None:
    browser = factories.client_with_code(jane)
    with pytest.raises(CommandError):
        said(*args)
    assert is_in(browser)
