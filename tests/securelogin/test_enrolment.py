"""Who may add a device: a session proven freshly, or the password of who never had one."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from securelogin.enrolment import may_add_first, types_to_add
from securelogin.lifecycle import EndReason
from securelogin.registry import DeviceTypeConfig
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/settings/user/secure-login/"
FIRST = "/login/first-device/"


@pytest.fixture(params=types_to_add(), ids=lambda config: config.slug)
def adding(request: pytest.FixtureRequest) -> str:
    """Where adding a device begins, one type after the other."""
    config: DeviceTypeConfig = request.param
    assert config.enrolment is not None
    return reverse(config.enrolment.url_name)


def after_password(user: User) -> Client:
    """A browser between the password and the second step."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def test_there_are_types_to_add() -> None:
    assert len(types_to_add()) > 1


def test_a_client_who_never_had_a_device_is_offered_each_type(jane: User, adding: str) -> None:
    client = after_password(jane)
    sent = client.get("/login/verify/")
    assert sent["Location"] == FIRST
    offered = client.get(FIRST).content.decode()
    assert adding in offered
    assert "Call" in offered
    assert client.get(adding).status_code == 200


def test_the_password_alone_reaches_nothing_else(jane: User) -> None:
    client = after_password(jane)
    client.get(FIRST)
    for address in ("/home/", LIST, f"{LIST}card/", "/settings/user/"):
        assert client.get(address)["Location"].startswith("/login/?next=")


def test_after_its_time_the_password_is_asked_again(jane: User, adding: str) -> None:
    client = after_password(jane)
    with time_machine.travel(timezone.now() + timedelta(minutes=14, seconds=59), tick=False):
        assert client.get(adding).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1), tick=False):
        late = client.get(adding)
        # The session may be idle for so long, too.
        over = late.headers.get("Location", "").startswith("/login/?")
        assert over or "This took longer" in late.content.decode()
        assert client.post(adding).status_code in {200, 302}
    assert not any(config.device_model.objects.of(jane).exists() for config in types_to_add())


@pytest.mark.parametrize("state", ["in force", "ended", "on its last phase"])
def test_who_has_or_had_a_device_needs_more_than_the_password(
    jane: User, adding: str, state: str
) -> None:
    """SECURITY: else a stolen password and an ended card would be a way in."""
    code, _digits = factories.make_code(jane)
    if state == "ended":
        code.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    if state == "on its last phase":
        factories.shift(code, -timedelta(days=3))
    client = after_password(jane)
    assert not may_add_first(jane)
    for address in (adding, FIRST):
        assert client.get(address)["Location"] == "/login/verify/"
        assert client.post(address)["Location"] == "/login/verify/"


def test_a_device_whose_row_is_long_deleted_still_counts(jane: User, adding: str) -> None:
    """SECURITY: the job deletes old rows; the password must not become enough by waiting."""
    code, _digits = factories.make_code(jane)
    code.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    with time_machine.travel(timezone.now() + timedelta(days=500), tick=False):
        call_command("run_jobs", stdout=StringIO())
        assert not jane.temporarycodes.exists()
        client = after_password(jane)
        assert not may_add_first(jane)
        assert client.get(adding)["Location"] == "/login/verify/"
        assert "Call us to log in" in client.get("/login/verify/").content.decode()


def test_staff_need_more_than_the_password(adding: str) -> None:
    client = after_password(factories.make_staff("sam.support"))
    assert client.get(adding)["Location"] == "/login/verify/"
    assert "Call" in client.get("/login/verify/").content.decode()


def test_a_session_needs_a_fresh_proof(jane: User, adding: str) -> None:
    client = factories.client_with_code(jane)
    assert client.get(adding).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        client.get("/home/")
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        for response in (client.get(adding), client.post(adding)):
            assert response["Location"].startswith("/login/confirm/?next=")


def test_a_session_for_the_card_page_adds_nothing(jane: User, adding: str) -> None:
    """KB69: those ten days only lead to a card."""
    client = factories.client_with_code(jane)
    factories.shift(jane.temporarycodes.get(), -timedelta(days=2))
    assert client.get(adding)["Location"] == LIST
    assert client.post(adding).status_code == 403
    assert adding not in client.get(LIST).content.decode()


def test_a_visitor_is_sent_to_the_login_and_back(adding: str) -> None:
    assert Client().get(adding)["Location"].startswith("/login/?next=")


def test_the_list_offers_it_with_its_protection(jane: User, adding: str) -> None:
    listed = factories.client_with_code(jane).get(LIST).content.decode()
    assert adding in listed
    assert "Your present login protects: basic" in listed


def test_in_a_session_the_page_of_the_first_device_leads_to_the_list(jane: User) -> None:
    assert factories.client_with_code(jane).get(FIRST)["Location"] == LIST
