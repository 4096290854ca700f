"""Password, contact data, open sessions, and the way of a forgotten password, as `tour.py` goes
through the client's other pages."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import mail
from playwright.sync_api import Page, expect

from accounts.models import Session, User
from accounts.password_reset import PasswordReset
from securelogin.proof import PROVEN_AT_KEY
from tests import factories
from tests.accounts.mailbox import FOR_ADDRESS, SUBJECT, number_for, wrong
from tests.browser import pages
from tests.browser.conftest import NEVER_WAIT_LONGER
from tests.browser.tour import Stage, State

NEW = "four unrelated teapots"


def field(page: Page, label: str, text: str) -> None:
    """Fill in a field by its exact label."""
    page.get_by_label(label, exact=True).fill(text)


def age_the_proof() -> None:
    """Every open session proved both factors too long ago."""
    for row in Session.objects.all():
        data = row.get_decoded()
        data.pop(PROVEN_AT_KEY, None)
        Session.objects.filter(pk=row.pk).update(
            session_data=row.get_session_store_class()().encode(data)
        )


def own(stage: Stage) -> Iterator[State]:
    """User Settings: password, contact data, sessions."""
    page, jane = stage.page, stage.jane
    digits = stage.code()
    pages.log_in(page, jane, digits)
    page.goto("/settings/user/sessions/")
    yield "sessions-one", "Where you are logged in"
    pages.log_in(stage.new_page(), jane, digits)
    page.goto("/home/")
    expect(page.get_by_text("You are also logged in in another browser")).to_be_visible()
    yield "home-also-elsewhere", "Home"
    pages.link(page, "Where you are logged in").click()
    yield "sessions-two", "Where you are logged in"
    pages.press(page, "Log out everywhere else")
    expect(page.get_by_role("status").first).to_contain_text("logged out everywhere else")
    yield "sessions-ended", "Where you are logged in"
    page.goto("/settings/user/contact/")
    yield "contact", "Contact data"
    field(page, "Email address", "jane")
    pages.press(page, "Save")
    yield "contact-wrong", "Error: Contact data"
    field(page, "Email address", "jane@new.example")
    pages.press(page, "Save")
    yield "new-address", "Confirm your new address"
    number = number_for("jane@new.example", FOR_ADDRESS)
    field(page, "Number from our email", wrong(number))
    pages.press(page, "Confirm")
    yield "new-address-wrong", "Error: Confirm your new address"
    pages.follow(page, pages.link(page, "Later"))
    yield "contact-waiting", "Contact data"
    pages.follow(page, page.get_by_role("button", name="Send again"))
    expect(page.get_by_role("status").first).to_contain_text("We sent another number.")
    yield "new-address-sent-again", "Confirm your new address"
    field(page, "Number from our email", number_for("jane@new.example", FOR_ADDRESS))
    pages.press(page, "Confirm")
    yield "contact-saved", "User Settings"
    expect(page.get_by_text("jane@new.example")).to_be_visible()
    page.goto("/settings/user/contact/email/")
    yield "new-address-over", "No address waits here"
    page.goto("/settings/user/password/")
    yield "password", "Change your password"
    field(page, "New password", "jane-sample-1984")
    pages.press(page, "Change password")
    yield "password-refused", "Error: Change your password"
    age_the_proof()
    page.goto("/settings/user/password/")
    yield "password-proof-first", "Change your password"


def forgotten(stage: Stage) -> Iterator[State]:
    """A forgotten password, with and without a device."""
    page, jane = stage.page, stage.jane
    page.goto("/login/")
    pages.link(page, "Forgot your password?").click()
    yield "forgotten", "Forgot your password?"
    pages.press(page, "Send the number")
    yield "forgotten-empty", "Error: Forgot your password?"
    number = ask(page, jane)
    page.get_by_text("Nothing has come?").click()
    yield "reset-number", "Look at your email"
    field(page, "Number from our email", "12")
    pages.press(page, "Continue")
    yield "reset-number-short", "Error: Look at your email"
    field(page, "Number from our email", number)
    pages.press(page, "Continue")
    yield "reset-no-device", "Call us for a new password"
    _card, answers = factories.make_card(jane)
    page.reload()
    yield "reset-device", "Confirm that it is you"
    pages.press(page, "Continue")
    yield "reset-device-empty", "Error: Confirm that it is you"
    field(page, "Card Values", answers[1])
    pages.press(page, "Continue")
    yield "reset-password", "Choose a new password"
    field(page, "New password", "short")
    pages.press(page, "Set the new password")
    yield "reset-password-refused", "Error: Choose a new password"
    field(page, "New password", NEW)
    pages.press(page, "Set the new password")
    expect(page.get_by_role("status")).to_contain_text("Log in with the new one.")
    yield "reset-done", "Login"
    ask(page, jane)
    PasswordReset.objects.update(failures=99)
    page.reload()
    yield "reset-over", "Start again"
    for _again in range(2):
        page.goto("/login/forgotten/")
        field(page, "Username", jane.username)
        pages.press(page, "Send the number")
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts.")
    yield "forgotten-paused", "Error: Forgot your password?"


def ask(page: Page, user: User) -> str:
    """Ask for a number; returns it once it is in the mailbox."""
    known = sum(message.subject == SUBJECT for message in mail.outbox)
    page.goto("/login/forgotten/")
    field(page, "Username", user.username)
    pages.press(page, "Send the number")
    pages.shows(page, "Look at your email")
    for _ in range(NEVER_WAIT_LONGER // 50):
        if sum(message.subject == SUBJECT for message in mail.outbox) > known:
            break
        page.wait_for_timeout(50)
    return number_for(user.email)
