"""The life of a code by the clock: two days of everything, ten days of the card, then nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.access import Access
from securelogin.lifecycle import Status
from securelogin.models import SecurityEvent
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
LIST = "/settings/user/secure-login/"
FULL, LIFE = timedelta(days=2), timedelta(days=12)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("after", "status", "access"),
    [
        (timedelta(0), Status.ACTIVE, Access.FULL),
        (FULL - SECOND, Status.ACTIVE, Access.FULL),
        (FULL, Status.LIMITED, Access.CARD_ONLY),
        (LIFE - SECOND, Status.LIMITED, Access.CARD_ONLY),
        (LIFE, Status.ENDED, Access.NONE),
        (LIFE + timedelta(days=400), Status.ENDED, Access.NONE),
    ],
)
def test_its_access_changes_at_the_exact_second(
    jane: User,
    clock: Clock,
    after: timedelta,
    status: Status,
    access: Access,
) -> None:
    code, digits = factories.make_code(jane)
    clock.move_to(AUTUMN + after)
    assert code.status is status
    assert code.access_at(AUTUMN + after) is access
    assert code.verify_token(digits) is (access > Access.NONE)


def test_its_ends_are_said_in_the_clients_zone_after_the_clocks_changed(jane: User) -> None:
    code, _digits = factories.make_code(jane)
    # Issued at 14:05 summer time; 48 hours later it is 13:05 by the clocks of Zurich.
    assert code.what_it_may_do == (
        "Full access until 26 October 2025, 13:05 (Zurich time), "
        "then only requesting a card until 5 November 2025, 13:05 (Zurich time)."
    )


def test_a_sign_in_in_the_full_phase_goes_home(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    assert factories.sign_in(Client(), jane, digits)["Location"] == "/home/"


def test_a_sign_in_in_the_card_phase_reaches_the_device_list_and_nothing_else(
    jane: User, clock: Clock
) -> None:
    _code, digits = factories.make_code(jane)
    clock.shift(FULL)
    client = Client()
    first = factories.sign_in(client, jane, digits)
    landed = client.get(first["Location"], follow=True)
    assert landed.redirect_chain in ([], [(LIST, 302)])
    page = landed.content.decode()
    assert "Request Online (Temporary) Security Code Card" in page
    assert "until 5 November 2025, 13:05 (Zurich time)" in page
    for url in ("/home/", "/settings/user/"):
        assert client.get(url)["Location"] == LIST
        assert f'href="{url}"' not in page
    assert client.post("/settings/user/layout/", {"layout": "classic"}).status_code == 403


def test_a_session_of_the_full_phase_becomes_card_only_on_time(jane: User, clock: Clock) -> None:
    client = factories.client_with_code(jane)
    factories.shift(jane.temporarycodes.get(), SECOND - FULL)
    assert client.get("/home/").status_code == 200
    clock.shift(SECOND)
    assert client.get("/home/")["Location"] == LIST
    assert client.get(LIST).status_code == 200


def test_a_session_ends_with_the_code_to_the_second(jane: User, clock: Clock) -> None:
    client = factories.client_with_code(jane)
    factories.shift(jane.temporarycodes.get(), SECOND - LIFE)
    assert client.get(LIST).status_code == 200
    clock.shift(SECOND)
    assert client.get(LIST)["Location"].startswith("/login/?")
    assert "_auth_user_id" not in client.session


def test_it_serves_many_times(jane: User, clock: Clock) -> None:
    code, digits = factories.make_code(jane)
    for _ in range(20):
        clock.shift(HOUR)
        assert code.verify_token(digits)
    kinds = list(SecurityEvent.objects.filter(device=code.persistent_id).values_list("kind"))
    assert kinds.count(("device:first_used",)) == 1
    assert jane.notices.filter(kind="code_first_used").count() == 1


def test_it_serves_once_where_policy_says_so(settings: Settings, jane: User) -> None:
    settings.SECURELOGIN = {"code_single_use": True}
    code, digits = factories.make_code(jane)
    assert factories.sign_in(first := Client(), jane, digits)["Location"] == "/home/"
    assert factories.sign_in(Client(), jane, digits).status_code in {200, 422}
    code.refresh_from_db()
    assert not code.verify_token(digits)
    assert code.verdict is Verdict.ENDED
    replayed = SecurityEvent.objects.get(kind="sign_in:refused")
    assert (replayed.user, replayed.detail) == (jane, {"verdict": "ended"})
    assert first.get("/home/").status_code == 200


def test_a_shorter_policy_is_kept_for_the_codes_issued_under_it(
    settings: Settings, jane: User, clock: Clock
) -> None:
    settings.SECURELOGIN = {"code_full_days": 1, "code_card_only_days": 0}
    code, _digits = factories.make_code(jane)
    settings.SECURELOGIN = {}
    clock.shift(timedelta(days=1))
    assert code.status is Status.ENDED
