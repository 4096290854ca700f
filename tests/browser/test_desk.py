"""The desk with mouse and keyboard: find the client, issue a code, read it out, watch, revoke."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from securelogin import codes
from securelogin.desk.roles import Role
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.browser import desk as desk_pages
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.browser.pages import button, follow, link, press, shows

SHOWN_ONCE = "This code was shown once."


@pytest.fixture
def desk(new_page: NewPage, sam: User) -> Page:
    """The desk's start page, on the screen of an agent."""
    page = new_page(width=1280, height=720)
    pages.log_in(page, sam, factories.make_code(sam)[1], to="/admin/")
    return page


def client_url(client: User) -> str:
    """The client's page."""
    return f"{desk_pages.CLIENTS}{client.pk}/change/"


def test_a_client_is_found_by_what_a_caller_says(desk: Page, jane: User) -> None:
    jane.phone = "+00 000 000-101"
    jane.save()
    factories.make_user("max.muster", first_name="Max", last_name="Muster", phone="+00 000 000 103")
    card, _answers = factories.make_card(jane)
    event = SecurityEvent.objects.filter(user=jane).latest("pk")
    found = desk.get_by_role("link", name=re.compile("Jane|Max"))
    expect(found).to_have_count(0)
    for words in (
        "Jane Sample",
        "sample",
        "jane.sample@mail.example",
        "000 000 101",
        card.serial,
        event.reference,
    ):
        desk_pages.find_client(desk, words)
        expect(found, words).to_have_text(["Jane Sample"])


def test_five_clicks_from_the_call_to_a_code_that_was_read_back(
    desk: Page, page: Page, jane: User
) -> None:
    desk.keyboard.press("/")
    desk.keyboard.type("Jane Sample")
    press(desk, "Find")
    follow(desk, link(desk, "Jane Sample"))
    follow(desk, link(desk, "Issue Temporary Code"))
    desk_pages.fill_issue_form(desk)
    press(desk, "Issue Temporary Code")
    digits = desk_pages.digits_on(desk)
    assert desk.locator(".desk-code .words").all_inner_texts() == codes.words(digits)
    expect(desk.get_by_role("heading", name="Temporary Code for Jane Sample")).to_be_visible()
    press(desk, "Client read it back correctly")
    shows(desk, "Jane Sample")
    expect(desk.get_by_text("Temporary Code read back correctly")).to_be_visible()
    pages.enter_password(page, jane)
    page.get_by_label(labels.TEMPORARY_CODE, exact=True).fill(digits)
    press(page, labels.LOGIN)
    shows(page, "Home")


def test_the_same_with_the_keyboard_alone(desk: Page, jane: User) -> None:
    def tab_to(name: str) -> None:
        """Walk on with Tab until the control of that name has the focus."""
        for _step in range(60):
            desk.keyboard.press("Tab")
            focused = desk.locator(":focus")
            said = focused.evaluate(
                "e => e.labels && e.labels.length ? e.labels[0].innerText : e.innerText || e.value"
            )
            if str(said or "").strip().startswith(name):
                return
        raise AssertionError(f"Tab never reaches {name}")

    desk.keyboard.press("/")
    desk.keyboard.type("Jane Sample")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    tab_to("Jane Sample")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    tab_to("Issue Temporary Code")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    tab_to("Document")
    desk.keyboard.type("Pass")
    tab_to("In person")
    desk.keyboard.press("Space")
    tab_to("A - ")
    desk.keyboard.press("Space")
    tab_to("Ticket number")
    desk.keyboard.type("88121")
    tab_to("Issue Temporary Code")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    desk_pages.digits_on(desk)
    tab_to("Client read it back correctly")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    shows(desk, "Jane Sample")


def _holds(text: str, digits: str) -> bool:
    """Whether the code is there, however its groups are set apart, or in words."""
    figures = re.search(r"\D*".join(codes.groups(digits)), text)
    return bool(figures) or any(group in text for group in codes.words(digits))


def test_the_code_is_shown_once(desk: Page, jane: User) -> None:
    desk.goto(client_url(jane))
    digits = desk_pages.issue(desk)
    assert _holds(desk.locator(".desk-code").inner_text(), digits)
    desk.reload()
    expect(desk.get_by_text(SHOWN_ONCE)).to_be_visible()
    assert desk.locator(".digits").count() == 0
    follow(desk, link(desk, "Back to the client"))
    shows(desk, "Jane Sample")
    pages.go_back(desk)
    assert desk.locator(".digits").count() == 0
    tab = desk.context.new_page()
    for path in (
        client_url(jane),
        f"/admin/securelogin/securityevent/?client={jane.pk}",
        "/admin/",
    ):
        tab.goto(path)
        assert not _holds(tab.content(), digits), path
    stored = [str(vars(row)) for model in (SecurityEvent, Notice) for row in model.objects.all()]
    assert not _holds(" ".join(stored), digits)


def test_the_code_leaves_the_screen_after_two_minutes(desk: Page, jane: User) -> None:
    pages.stop_clock(desk)
    desk.goto(client_url(jane))
    desk_pages.issue(desk)
    desk.clock.run_for("01:55")
    expect(desk.locator(".desk-code .digits")).to_have_count(3)
    desk.clock.run_for("00:10")
    expect(desk.locator(".desk-code .digits")).to_have_count(0)
    expect(desk.locator(".desk-code")).not_to_contain_text(re.compile(r"\d{3}"))


def test_a_code_that_was_not_understood_is_made_anew_twice(
    desk: Page, page: Page, jane: User
) -> None:
    desk.goto(client_url(jane))
    first = desk_pages.issue(desk)
    pages.press(desk, "Not understood: make a new code")
    second = desk_pages.digits_on(desk)
    pages.press(desk, "Not understood: make a new code")
    third = desk_pages.digits_on(desk)
    assert len({first, second, third}) == 3
    expect(button(desk, "Not understood: make a new code")).to_have_count(0)
    pages.log_in(page, jane, third)
    page.context.clear_cookies()
    pages.enter_password(page, jane)
    page.get_by_label(labels.TEMPORARY_CODE, exact=True).fill(second)
    pages.press(page, labels.LOGIN)
    expect(page.get_by_role("alert")).to_contain_text("newer Temporary Code")


def test_the_agent_on_the_line_sees_how_far_the_client_is_and_no_number(
    desk: Page, page: Page, jane: User
) -> None:
    desk.goto(client_url(jane))
    digits = desk_pages.issue(desk)
    steps = desk.locator(".progress li.done strong")
    expect(steps).to_have_count(0)
    kept = pages.all_done(page, jane, digits)
    expect(steps).to_have_count(4)
    status = desk.locator(".progress").inner_text()
    expect(desk.get_by_text("Card numbers must not be read to us.")).to_be_visible()
    assert "activated" in status
    assert not any(re.search(rf"\b{value}\b", status) for value in kept.values.values())


def test_a_second_person_approves_and_only_the_agent_sees_the_code(
    desk: Page, new_page: NewPage, jane: User
) -> None:
    factories.make_code(jane)
    sue = factories.make_staff(
        "sue.example", Role.SUPERVISOR, first_name="Sue", last_name="Example"
    )
    desk.goto(client_url(jane))
    follow(desk, link(desk, "Issue Temporary Code"))
    desk_pages.fill_issue_form(desk)
    press(desk, "Ask for approval")
    expect(desk.get_by_role("heading", name="Waiting for approval")).to_be_visible()
    second = new_page(width=1280, height=720)
    pages.log_in(second, sue, factories.make_code(sue)[1], to="/admin/")
    follow(second, link(second, "Approvals (1)"))
    follow(second, second.get_by_role("link", name="Decide on Jane Sample"))
    second.get_by_label("Reason").fill("The client stands before me")
    pages.press(second, "Approve")
    assert second.locator(".digits").count() == 0
    # Without a reload: the waiting page asks by itself.
    press(desk, "Issue Temporary Code")
    digits = desk_pages.digits_on(desk)
    for path in ("/admin/desk/approval/", client_url(jane)):
        second.goto(path)
        assert not _holds(second.content(), digits), path


def test_reason_b_ends_the_clients_sessions_now(
    desk: Page, page: Page, base_url: str, jane: User
) -> None:
    code, _digits = factories.make_code(jane)
    _card, answers = factories.make_card(jane, code=code)
    # Long enough ago that another one needs no second person.
    factories.shift(code, -timedelta(days=31))
    client = Client()
    factories.sign_in(client, jane, answers[1], "card_values")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base_url}])
    page.goto("/home/")
    shows(page, "Home")
    desk.goto(client_url(jane))
    desk_pages.issue(desk, "B")
    page.goto("/home/")
    shows(page, "Login")


def test_a_device_is_revoked_with_a_reason(desk: Page, page: Page, jane: User) -> None:
    pages.log_in(page, jane, factories.make_code(jane)[1])
    desk.goto(client_url(jane))
    follow(desk, link(desk, "Revoke Temporary Code"))
    press(desk, "Revoke Temporary Code")
    expect(desk.get_by_text("Choose why it is revoked").first).to_be_visible()
    desk.get_by_label("The client asks for it").check()
    press(desk, "Revoke Temporary Code")
    expect(desk.get_by_text("Temporary Code was revoked.")).to_be_visible()
    page.goto("/home/")
    shows(page, "Login")


def test_the_timeline_tells_the_story_in_order(desk: Page, page: Page, jane: User) -> None:
    desk.goto(client_url(jane))
    digits = desk_pages.issue(desk)
    press(desk, "Client read it back correctly")
    pages.all_done(page, jane, digits)
    desk.goto(f"/admin/securelogin/securityevent/?client={jane.pk}")
    told = " ".join(desk.locator("main").inner_text().split())
    newest_first = [
        "activated",
        "went on without keeping a copy",
        "shown",
        "Logged in with Temporary Code",
        "Temporary Code read back correctly",
        "Temporary Code issued",
        "Document seen",
    ]
    places = [told.index(words) for words in newest_first]
    assert places == sorted(places), told


def test_an_agent_issues_no_code_for_oneself(desk: Page, sam: User) -> None:
    desk.goto(client_url(sam))
    assert link(desk, "Issue Temporary Code").count() == 0
    answer = desk.request.get(f"/admin/temporary_code/temporarycode/issue/{sam.pk}/")
    assert answer.status == 403
