"""Whoever is logged in and tries what they may not leaves a trace; a GET leaves it in the log."""

from __future__ import annotations

import logging
from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from securelogin import refusals
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories

pytestmark = pytest.mark.django_db
REQUEST = reverse("admin:desk_approval_change", args=[1])


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged of refusals."""
    caplog.set_level(logging.CRITICAL, logger="django")
    caplog.set_level(logging.WARNING, logger=refusals.logger.name)
    return caplog


def refused() -> list[tuple[User | None, User | None, dict[str, object]]]:
    """The events: whose record, who tried, what."""
    events = SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED).order_by("pk")
    return [(event.user, event.actor, event.detail) for event in events]


def card_only(user: User) -> Client:
    """A session that reaches the request for a card and no more."""
    browser = factories.client_with_code(user)
    factories.shift(user.temporarycodes.get(), timedelta(days=-3))
    return browser


def test_a_client_who_posts_beyond_the_login(jane: User) -> None:
    browser = card_only(jane)
    assert browser.post("/home/").status_code == 403
    assert refused() == [(jane, jane, {"action": "full_access"})]


def test_at_the_desk_the_page_says_what_and_whose_record(jane: User) -> None:
    auditor = factories.make_staff("otto.auditor", Role.AUDITOR)
    browser = factories.client_with_code(auditor)
    assert browser.post(f"/admin/accounts/user/{jane.pk}/unlock/", {}).status_code == 403
    assert refused() == [(jane, auditor, {"action": "unlock"})]


def test_a_page_of_another_role_is_refused_once_and_the_log_says_who(
    sam: User, log: pytest.LogCaptureFixture
) -> None:
    browser = factories.client_with_code(sam)
    assert browser.get(REQUEST).status_code == 403
    assert refused() == []
    [line] = [record for record in log.records if record.name == refusals.logger.name]
    assert line.getMessage() == "refused: desk_page"
    assert vars(line)["fields"] == {"event": "authz_fail", "actor": sam.pk}
    assert browser.post(REQUEST).status_code == 403
    assert refused() == [(None, sam, {"action": "desk_page"})]


def test_who_is_not_logged_in_leaves_nothing() -> None:
    assert Client().post("/login/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert refused() == []


def test_without_a_database_the_page_comes_all_the_same(
    jane: User, log: pytest.LogCaptureFixture
) -> None:
    browser = card_only(jane)
    with mock.patch.object(
        type(SecurityEvent.objects.all()), "append", side_effect=OperationalError("gone away")
    ):
        response = browser.post("/home/")
    assert response.status_code == 403
    assert "You cannot open this page" in response.content.decode()
    assert "refusal not kept: OperationalError" in log.text
    assert "gone away" not in log.text
