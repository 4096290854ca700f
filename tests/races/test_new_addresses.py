"""New addresses at the same moment: one number puts one address in force, and tries are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.new_addresses import AddressOverError, NewAddress
from securelogin import keys
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.races import THREADS

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
DIGITS, NEW = "482719", "jane@new.example"


@pytest.fixture
def browser() -> Client:
    """Jane's, logged in."""
    return factories.client_with_code(factories.make_user("jane.sample"))


def make_waiting(which: str = "email", address: str = NEW) -> NewAddress:
    """An address of Jane's whose number is `DIGITS`."""
    return NewAddress.objects.create(
        user=User.objects.get(),
        which=which,
        address=address,
        sent_at=timezone.now(),
        **asdict(keys.seal(DIGITS, settings.ANSWER_KEYS)),
    )


def confirm(browser: Client, row: NewAddress, number: str) -> str:
    """What came of it."""
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    try:
        return str(NewAddress.objects.get(pk=row.pk).confirm(number, session_key=key))
    except (AddressOverError, NewAddress.DoesNotExist):
        return "over"


def events(kind: Event) -> int:
    """How many there are."""
    return SecurityEvent.objects.filter(kind=kind).count()


def test_of_many_right_numbers_one_counts(at_once: AtOnce, browser: Client) -> None:
    row = make_waiting()
    outcomes = at_once(lambda _n: confirm(browser, row, DIGITS))
    assert Counter(outcomes) == {"True": 1, "over": THREADS - 1}
    jane = User.objects.get()
    assert (jane.email, events(Event.CONTACT_CHANGED)) == (NEW, 1)
    assert jane.notices.filter(kind="contact_changed").count() == 1


def test_of_many_wrong_numbers_three_are_looked_at(at_once: AtOnce, browser: Client) -> None:
    row = make_waiting()
    outcomes = at_once(lambda _n: confirm(browser, row, "000000"))
    assert Counter(outcomes) == {"False": 3, "over": THREADS - 3}
    assert events(Event.CONTACT_NUMBER_REFUSED) == 3


def test_both_addresses_confirmed_at_once_are_both_on_file(
    at_once: AtOnce, browser: Client
) -> None:
    rows = [make_waiting(), make_waiting("notify_email", "jane@second.example")]
    assert at_once(lambda n: confirm(browser, rows[n], DIGITS), 2) == ["True", "True"]
    jane = User.objects.get()
    assert (jane.email, jane.notify_email) == (NEW, "jane@second.example")


def test_of_many_wishes_one_waits_and_six_numbers_are_sent(
    at_once: AtOnce, browser: Client
) -> None:
    def act(number: int) -> int:
        jane = User.objects.get()
        wish = {"email": f"jane{number}@new.example", "notify_email": "", "phone": ""}
        return sum(row.sent_at is not None for row in jane.ask_contact(**wish))

    assert sum(at_once(act, 8)) == 6
    assert NewAddress.objects.count() == 1
    assert events(Event.CONTACT_ASKED) == 8
