"""Sessions end when nothing happens, after a working day, and with everything they stand on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.middleware import SessionMiddleware
from accounts.models import Session, User
from securelogin.lifecycle import EndReason
from securelogin.pending import STARTED_AT_KEY
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.contract import is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
IDLE, ABSOLUTE = timedelta(minutes=15), timedelta(hours=8)
COOKIE = settings.SESSION_COOKIE_NAME
KEEP_ALIVE = "/session/keep-alive/"


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now."""
    return factories.client_with_code(jane)


def test_it_ends_after_15_minutes_without_a_request_to_the_second(
    client: Client, clock: Clock
) -> None:
    clock.shift(IDLE - SECOND)
    assert is_inside(client)
    clock.shift(IDLE)
    response = client.get("/home/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=%2Fhome%2F&r=ended")
    assert "15 minutes" in client.get(response["Location"]).content.decode()


def test_every_request_keeps_it_awake(client: Client, clock: Clock) -> None:
    for _ in range(10):
        clock.shift(IDLE - SECOND)
        assert client.get("/settings/user/").status_code == 200


def test_staying_logged_in_moves_the_idle_end_and_says_for_how_long(
    client: Client, clock: Clock
) -> None:
    clock.shift(timedelta(minutes=14))
    assert client.post(KEEP_ALIVE).json() == {"expires_in": 900}
    clock.shift(timedelta(minutes=14))
    assert is_inside(client)
    assert client.get(KEEP_ALIVE).status_code == 405


def test_after_8_hours_it_ends_whatever_happens(client: Client, clock: Clock) -> None:
    for _ in range(47):
        clock.shift(timedelta(minutes=10))
        assert client.post(KEEP_ALIVE).status_code == 200
    assert client.post(KEEP_ALIVE).json() == {"expires_in": 600}
    clock.move_to(AUTUMN + ABSOLUTE - SECOND)
    assert is_inside(client)
    clock.shift(SECOND)
    response = client.get("/home/")
    assert (response.status_code, response["Location"]) == (302, "/logged-out/?r=absolute")
    assert "_auth_user_id" not in client.session
    assert "ends after 8 hours" in client.get(response["Location"]).content.decode()


def test_staying_logged_in_after_its_end_is_refused(client: Client, clock: Clock) -> None:
    clock.shift(IDLE)
    assert client.post(KEEP_ALIVE).status_code == 302


def test_a_session_without_its_start_is_none_of_ours(client: Client) -> None:
    session = client.session
    del session[STARTED_AT_KEY]
    session.save()
    assert client.get("/home/")["Location"] == "/logged-out/?r=absolute"


def test_a_switched_off_user_is_out_at_once(client: Client) -> None:
    User.objects.update(is_active=False)
    assert not is_inside(client)


def test_a_changed_password_ends_every_session(client: Client, jane: User) -> None:
    jane.set_password("another-lantern-88")
    jane.save()
    assert not is_inside(client)


def test_a_revoked_device_ends_it_and_the_page_asked_for_is_kept(
    client: Client, jane: User
) -> None:
    jane.temporarycodes.get().end(EndReason.CANCELLED_BY_STAFF)
    response = client.get("/settings/user/?a=b")
    assert response["Location"] == "/login/?next=%2Fsettings%2Fuser%2F%3Fa%3Db&r=ended"
    assert not Session.objects.filter(user=jane).exists()


def test_an_address_of_a_post_is_not_kept(client: Client, jane: User) -> None:
    jane.temporarycodes.get().end(EndReason.CANCELLED_BY_STAFF)
    response = client.post("/settings/user/layout/", {"layout": "classic"})
    assert response["Location"] == "/login/?r=ended"


def test_the_row_knows_its_owner_and_is_written_once_only(client: Client, jane: User) -> None:
    (row,) = Session.objects.all()
    assert row.user == jane
    before = row.session_data
    client.get("/home/")
    row.refresh_from_db()
    assert row.session_data == before
    assert row.expire_date == timezone.now() + IDLE


def test_a_slow_request_does_not_put_back_what_a_faster_one_changed(client: Client) -> None:
    slow = client.session
    fast = client.session
    fast["security_card"] = {"card": "x", "nonce": "00"}
    fast.save()
    slow.touch()  # type: ignore[attr-defined]
    assert "security_card" in client.session


@pytest.mark.parametrize(
    "cookie", ["", "x", "A" * 32, "a" * 10_000, "a\x00" + "b" * 30, "é" * 32, "../../etc/passwd"]
)
def test_a_broken_or_invented_cookie_is_a_visitor(cookie: str) -> None:
    client = Client()
    client.cookies[COOKIE] = cookie
    assert client.get("/").status_code == 200
    assert not is_inside(client)
    assert not Session.objects.exists()


def test_an_invented_key_is_not_taken_over(jane: User) -> None:
    client = Client()
    client.cookies[COOKIE] = invented = "a" * 32
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    assert client.cookies[COOKIE].value != invented
    assert not Session.objects.filter(session_key=invented).exists()


def test_a_visitor_gets_no_session() -> None:
    client = Client()
    for url in ("/", "/help/", "/login/", "/logged-out/"):
        client.get(url)
    assert COOKIE not in client.cookies
    assert not Session.objects.exists()


def test_a_session_that_ends_while_a_page_is_made_leads_to_the_login(
    jane: User, client: Client
) -> None:
    """Nothing of the page is answered, and no "bad request" either."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["touched"] = True
        Session.objects.all().delete()
        return HttpResponse("what only Jane may read")

    request = RequestFactory().get("/home/")
    request.COOKIES[COOKIE] = client.cookies[COOKIE].value
    response = SessionMiddleware(view)(request)
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response["Location"]) == (302, "/login/?r=ended")
    assert b"Jane" not in response.content
    # By now the cookie may be that of another answer.
    assert COOKIE not in response.cookies
