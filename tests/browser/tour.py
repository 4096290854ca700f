"""The client's pages, each in each of its states: generators that name a state once it is on
screen. `test_every_page.py` looks at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from securelogin.conf import policy
from securelogin.models import Failures, factor_key
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.browser import pages
from tests.browser.conftest import NewPage
from tests.securelogin import lasting


@dataclass
class Stage:
    """A browser and its people."""

    page: Page
    jane: User
    mallory: User
    new_page: NewPage

    def code(self) -> str:
        """A fresh Temporary Code of Jane's."""
        return factories.make_code(self.jane)[1]


# A name of its own, and how the page's title begins.
State = tuple[str, str]
Chapter = Callable[[Stage], Iterator[State]]


def public(stage: Stage) -> Iterator[State]:
    """Before a login, and the pages of what goes wrong."""
    page = stage.page
    page.goto("/")
    yield "start", "Client portal"
    page.goto("/help/")
    yield "help", "Help: lost your security device?"
    page.goto("/privacy/")
    yield "privacy", "Privacy: what we keep, and for how long"
    page.goto("/login/?next=/home/&r=ended")
    yield "login-notice", "Login"
    pages.press(page, "Login")
    yield "login-empty", "Error: Login"
    page.get_by_label("Username", exact=True).fill(stage.jane.username)
    page.get_by_label("Password", exact=True).fill("wrong")
    pages.press(page, "Login")
    expect(page.get_by_role("alert")).to_contain_text("is not correct")
    yield "login-wrong", "Error: Login"
    for _attempt in range(policy().password_attempts):
        page.get_by_label("Password", exact=True).fill("wrong")
        pages.press(page, "Login")
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts.")
    yield "login-paused", "Error: Login"
    page.goto("/nowhere/")
    yield "404", "There is nothing here"
    page.goto("/logout/")
    yield "405", "This step cannot be opened like that"
    page.goto("/login/")
    page.context.clear_cookies()
    pages.press(page, "Login")
    yield "403-csrf", "This page was open too long"
    for reason in ("idle", "left", "absolute", "cancelled"):
        page.goto(f"/logged-out/?r={reason}")
        yield f"logged-out-{reason}", "You "


def second_step(stage: Stage) -> Iterator[State]:
    """A Temporary Code, Card Values, and nothing to log in with."""
    page, jane = stage.page, stage.jane
    lasting.held_device(stage.mallory)
    pages.enter_password(page, stage.mallory)
    yield "no-device", "Call us to log in"
    stage.code()
    pages.enter_password(page, jane)
    yield "code", "Confirm that it is you"
    pages.press(page, "Login")
    yield "code-empty", "Error: Confirm that it is you"
    page.get_by_label("Temporary Code", exact=True).fill("1" * 70_000)
    pages.press(page, "Login")
    yield "413", "That was too much to send"
    with time_machine.travel(timezone.now() + policy().pending_life, tick=True):
        page.goto("/login/verify/")
    yield "pending-expired", "This took too long"
    code = TemporaryCode.objects.get()
    factories.shift(code, -timedelta(days=13))
    pages.enter_password(page, jane)
    yield "code-ended", "Your Temporary Code has ended"
    card, _answers = factories.make_card(jane)
    stage.code()
    pages.enter_password(page, jane)
    yield "card-values", "Confirm that it is you"
    page.get_by_label("Card Values", exact=True).fill("12345")
    pages.press(page, "Login")
    yield "card-values-short", "Error: Confirm that it is you"
    for _failure in range(policy().factor_attempts):
        Failures.objects.record(factor_key(jane.pk), policy().factor_limit)
    page.goto("/login/verify/")
    yield "locked", "Your login is locked"
    Failures.objects.all().delete()
    TemporaryCode.objects.all().delete()
    factories.shift(card, -timedelta(days=22))
    page.goto("/login/verify/")
    yield "card-ended", "Your Online Security Code Card has ended"
