"""The page about what is kept: its numbers are the ones in force, and every page leads to it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings as portal_settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from securelogin.conf import policy
from securelogin.models import Notice
from tests import factories

URL = "/privacy/"
LINK = f'<a href="{URL}">Privacy and complaints</a>'


def words() -> str:
    """The visible words of the page."""
    page = Client().get(URL).content.decode()
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def test_its_numbers_are_those_in_force(settings: Settings) -> None:
    settings.SECURELOGIN = {
        "contact_quiet_days": 17,
        "ended_device_days": 401,
        "notice_days": 91,
        "known_browser_days": 181,
        "absolute_hours": 7,
        "idle_minutes": 11,
    }
    page = words()
    for number in (
        "to the address before for 17 days",
        "stay for 401 more days",
        "91 days",
        "for 181 days",
        "7 hours at most",
        "11 minutes after your last click",
    ):
        assert number in page, number


@pytest.mark.django_db
def test_what_it_says_of_emails_is_done(jane: User) -> None:
    old, young = (Notice.objects.create(user=jane, kind="code_issued") for _ in range(2))
    late = timezone.now() - timedelta(days=policy().notice_days, seconds=1)
    Notice.objects.filter(pk=old.pk).update(created_at=late)
    call_command("run_jobs")
    assert f"{policy().notice_days} days" in words()
    assert [row.pk for row in Notice.objects.all()] == [young.pk]


def test_it_says_where_to_complain() -> None:
    page = words()
    after = page[page.index("Questions and complaints") :]
    assert portal_settings.BRAND["phone"] in after
    assert "data protection authority" in after


@pytest.mark.django_db
def test_every_page_leads_to_it(jane: User) -> None:
    visitor, browser = Client(), factories.client_with_code(jane)
    for client, url in (
        (visitor, "/"),
        (visitor, "/login/"),
        (visitor, "/nothing/"),
        (browser, "/home/"),
        (browser, "/settings/user/secure-login/"),
    ):
        assert LINK in client.get(url).content.decode(), url
