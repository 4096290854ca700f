"""The desk's pages in each of their states, as `tour.py` goes through the client's."""

from __future__ import annotations

from collections.abc import Iterator

from django.test import override_settings
from playwright.sync_api import expect

from accounts.models import User
from securelogin.conf import policy
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.models import Failures, factor_key
from tests import factories
from tests.browser import desk as desk_pages
from tests.browser import pages
from tests.browser.tour import Stage, State
from tests.securelogin.lasting import held_device, own_device

DESK = "Support desk"


def agent(stage: Stage, sam: User) -> Iterator[State]:
    """From the search to the read-out page, and a device that is revoked."""
    page, jane = stage.page, stage.jane
    pages.log_in(page, sam, factories.make_code(sam)[1])
    page.goto("/admin/")
    yield "desk-index", DESK
    page.goto(desk_pages.CLIENTS)
    yield "desk-search", "Find client"
    desk_pages.find_client(page, "nobody at all")
    yield "desk-found-none", "Find client"
    desk_pages.find_client(page, "Sample")
    yield "desk-found", "Find client"
    page.get_by_role("link", name="Jane Sample").click()
    yield "desk-client-new", "Jane Sample"
    page.get_by_role("link", name="Issue Temporary Code").click()
    yield "desk-issue", "Temporary Code"
    pages.press(page, "Issue Temporary Code")
    yield "desk-issue-errors", "Error: Temporary Code"
    desk_pages.fill_issue_form(page)
    pages.press(page, "Issue Temporary Code")
    desk_pages.digits_on(page)
    yield "desk-read-out", "Temporary Code"
    page.reload()
    expect(page.locator(".desk-code")).to_have_count(0)
    yield "desk-shown-once", "Temporary Code"
    factories.make_card(jane)
    page.goto(f"{desk_pages.CLIENTS}{jane.pk}/change/")
    yield "desk-client", "Jane Sample"
    page.get_by_role("link", name="Revoke Online").first.click()
    yield "desk-revoke", "Revoke Online Security Code Card"
    page.get_by_role("button", name="Revoke Online").click()
    yield "desk-revoke-errors", "Error: Revoke Online Security Code Card"
    page.goto(f"{desk_pages.CLIENTS}{jane.pk}/unlock/")
    yield "desk-unlock-nothing", "Unlock"
    for _failure in range(policy().factor_attempts):
        Failures.objects.record(factor_key(jane.pk), policy().factor_limit)
    page.goto(f"{desk_pages.CLIENTS}{jane.pk}/change/")
    yield "desk-client-locked", "Jane Sample"
    page.goto(f"{desk_pages.CLIENTS}{jane.pk}/unlock/")
    yield "desk-unlock", "Unlock"
    pages.press(page, "Unlock the login")
    yield "desk-unlock-errors", "Error: Unlock"
    page.goto("/admin/securelogin/securityevent/")
    yield "desk-timeline", "Timeline"
    page.goto(f"/admin/securelogin/securityevent/?client={jane.pk}")
    yield "desk-timeline-client", "Timeline"
    page.goto("/admin/securelogin/securityevent/?since=someday")
    yield "desk-timeline-error", "Error: Timeline"
    page.goto("/admin/nowhere/")
    yield "desk-nothing", "There is nothing here"


def second_person(stage: Stage, sam: User) -> Iterator[State]:
    """A request from both sides, and what only a supervisor sees."""
    page, jane = stage.page, stage.jane
    sue = factories.make_staff(
        "sue.supervisor", Role.SUPERVISOR, first_name="Sue", last_name="Example"
    )
    factories.make_code(jane)  # a second one in a row needs a second person
    pages.log_in(page, sam, factories.make_code(sam)[1])
    issue = f"/admin/temporary_code/temporarycode/issue/{jane.pk}/"
    page.goto(issue)
    yield "desk-issue-risks", "Temporary Code"
    desk_pages.fill_issue_form(page)
    pages.press(page, "Ask for approval")
    expect(page.get_by_role("heading", name="Waiting for approval")).to_be_visible()
    yield "desk-waiting", "Temporary Code"
    pages.log_in(page, sue, factories.make_code(sue)[1])
    page.goto("/admin/desk/approval/")
    yield "desk-approvals", "Approvals"
    approval = Approval.objects.get()
    page.goto(f"/admin/desk/approval/{approval.pk}/change/")
    yield "desk-approval", "Decide on a request"
    pages.press(page, "Approve")
    yield "desk-approval-errors", "Error: Decide on a request"
    page.get_by_label("Reason").fill("Talked to the agent")
    pages.press(page, "Approve")
    yield "desk-approvals-decided", "Approvals"
    page.goto(f"/admin/desk/approval/{approval.pk}/change/")
    yield "desk-approval-over", "Decide on a request"
    page.goto("/admin/securelogin/securityevent/figures/")
    yield "desk-figures", "Figures"
    page.goto("/admin/")
    yield "desk-index-supervisor", DESK
    pages.log_in(page, sam, factories.make_code(sam)[1])
    page.goto(issue)
    expect(page.get_by_role("heading", name="Approved")).to_be_visible()
    yield "desk-approved", "Temporary Code"


def own_devices(stage: Stage, sam: User) -> Iterator[State]:
    """A client with own devices: one in use, one on hold, one of them lost; and a weak login."""
    page, jane = stage.page, stage.jane
    held_device(jane, "at home")
    own_device(jane, "a phone with quite a long name of 40 signs")
    pages.log_in(page, sam, factories.make_code(sam)[1])
    page.goto(f"{desk_pages.CLIENTS}{jane.pk}/change/")
    yield "desk-client-own-devices", "Jane Sample"
    pages.follow(page, pages.link(page, "Issue Temporary Code"))
    yield "desk-issue-own-devices", "Temporary Code"
    desk_pages.fill_issue_form(page, "B")
    pages.press(page, "Issue Temporary Code")
    expect(page.get_by_role("alert")).to_contain_text("Choose which device is lost")
    yield "desk-issue-own-devices-error", "Error: Temporary Code"
    page.get_by_role("checkbox", name="at home").check()
    page.get_by_label("The caller sounded under pressure").check()
    pages.press(page, "Issue Temporary Code")
    pages.press(page, "Ask for approval")
    expect(page.get_by_role("heading", name="Waiting for approval")).to_be_visible()
    yield "desk-waiting-own-devices", "Temporary Code"
    with override_settings(SECURELOGIN={}):
        page.goto("/admin/")
        yield "desk-weak", "Add a security device first"
        held_device(sam, "mine")
        pages.log_in(page, sam, factories.make_code(sam)[1])
        page.goto("/admin/")
        expect(page.get_by_role("link", name="Reactivate")).to_be_visible()
        yield "desk-weak-held", "Add a security device first"
