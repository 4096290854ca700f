"""One end date everywhere, in the client's zone, across changes of the clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from playwright.sync_api import Page

from accounts.models import User
from securelogin.moments import day, describe
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.browser import pages
from tests.browser.conftest import NewPage
from tests.browser.pages import follow, link

MOMENT = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d \([^)]+\)")


def _moments(text: str) -> set[str]:
    return set(MOMENT.findall(" ".join(text.split())))


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        # Summer time ends, begins, and there is none.
        ("Europe/Zurich", datetime(2025, 10, 10, 12, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 2, 20, 3, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2025, 12, 20, 18, 20, tzinfo=UTC)),
    ],
)
def test_every_place_names_the_same_end(
    zone: str, now: datetime, page: Page, new_page: NewPage, jane: User, sam: User
) -> None:
    for person in (jane, sam):
        person.time_zone = zone
        person.save()
    with time_machine.travel(now, tick=True):
        kept = pages.all_done(page, jane, factories.make_code(jane)[1])
        row = SecurityCard.objects.get()
        assert row.activated_at is not None
        assert row.expires_at == row.activated_at + timedelta(days=21)
        until = describe(row.expires_at, zone)

        assert _moments(page.locator(".confirmation").inner_text()) == {until}
        assert day(row.expires_at, zone) in page.locator("main").inner_text()
        [told] = [m for m in mail.outbox if "is active until" in m.subject]
        assert told.subject.endswith(day(row.expires_at, zone))
        assert until in _moments(str(told.body))
        follow(page, link(page, "OK"))
        assert until in _moments(page.get_by_role("status").first.inner_text())
        assert until in _moments(pages.device(page, "Online Security Code Card").inner_text())
        page.goto("/home/")
        assert _moments(page.locator("main").inner_text()) == {until}
        page.goto("/settings/user/")
        assert f"until {day(row.expires_at, zone)}" in page.locator("main").inner_text()
        pages.log_out(page)
        pages.enter_password(page, jane)
        assert _moments(page.locator("main").inner_text()) == {until}
        pages.log_in_with_card(page, jane, kept)

        desk = new_page()
        pages.log_in(desk, sam, factories.make_code(sam)[1])
        desk.goto(f"/admin/accounts/user/{jane.pk}/change/")
        device = desk.get_by_role("article").filter(has_text="Online Security Code Card").first
        assert until in _moments(device.inner_text())
