"""Passwords and sessions at the same moment: one winner, exact counts, nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Session, User
from accounts.own_sessions import public_id_of
from accounts.password_reset import PasswordReset, ResetOverError
from securelogin import keys
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.races import THREADS
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
DIGITS = "482719"
COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture(autouse=True)
def _untimed(settings: Settings) -> None:
    """All threads are one place that asks too often."""
    settings.SECURELOGIN = {"reset_requests": 10}


def make_reset(user: User, **moments: Any) -> PasswordReset:
    """A reset whose number is `DIGITS`."""
    known = keys.seal(DIGITS, settings.ANSWER_KEYS)
    return PasswordReset.objects.create(
        user=user,
        auth_hash=user.get_session_auth_hash(),
        **asdict(known),
        **moments,
    )


def attempt(act: Callable[[], object]) -> str:
    """What came of it."""
    try:
        return str(act())
    except ResetOverError:
        return "over"


def events(kind: Event) -> int:
    """How many there are."""
    return SecurityEvent.objects.filter(kind=kind).count()


@pytest.mark.parametrize("rows", [1, 2, THREADS])
def test_of_many_resets_of_one_client_one_sets_the_password(at_once: AtOnce, rows: int) -> None:
    jane = factories.make_user("jane.sample")
    now = timezone.now()
    resets = [make_reset(jane, matched_at=now, proven_at=now) for _ in range(rows)]

    def act(number: int) -> str:
        row = PasswordReset.objects.get(pk=resets[number % rows].pk)
        return attempt(lambda: row.finish(f"the lantern of thread {number}"))

    outcomes = at_once(act)
    assert Counter(outcomes) == {"None": 1, "over": THREADS - 1}
    winner = outcomes.index("None")
    assert User.objects.get().check_password(f"the lantern of thread {winner}")
    assert events(Event.PASSWORD_CHANGED) == 1
    assert jane.notices.filter(kind="password_changed").count() == 1


def test_of_many_right_numbers_one_counts(at_once: AtOnce) -> None:
    row = make_reset(factories.make_user("jane.sample"))
    outcomes = at_once(
        lambda _n: attempt(lambda: PasswordReset.objects.get(pk=row.pk).compare(DIGITS))
    )
    assert Counter(outcomes) == {"True": 1, "over": THREADS - 1}
    assert events(Event.RESET_NUMBER_MATCHED) == 1


def test_of_many_wrong_numbers_three_are_looked_at(at_once: AtOnce) -> None:
    row = make_reset(factories.make_user("jane.sample"))
    outcomes = at_once(
        lambda _n: attempt(lambda: PasswordReset.objects.get(pk=row.pk).compare("000000"))
    )
    assert Counter(outcomes) == {"False": 3, "over": THREADS - 3}
    assert events(Event.RESET_NUMBER_REFUSED) == 3
    row.refresh_from_db()
    assert row.failures == 3


def test_one_answer_of_a_card_proves_one_reset(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    card, answers = factories.make_card(jane)
    clients = [Client() for _ in range(8)]
    for client in clients:
        row = make_reset(jane, matched_at=timezone.now())
        session = client.session
        session["password_reset"] = row.pk
        session.save()

    def act(number: int) -> str:
        client = clients[number]
        response = client.post("/login/forgotten/device/", {"card_values": answers[1]})
        return response.get("Location", str(response.status_code))

    outcomes = Counter(at_once(act, len(clients)))
    assert outcomes["/login/forgotten/password/"] == 1
    assert set(outcomes) <= {"/login/forgotten/password/", "422", "429"}
    assert PasswordReset.objects.exclude(proven_at=None).count() == 1
    card.refresh_from_db()
    assert card.answered == 2


def browsers(user: User, how_many: int) -> list[Client]:
    """Browsers logged in with one Temporary Code."""
    _code, digits = factories.make_code(user)
    clients = [Client() for _ in range(how_many)]
    for client in clients:
        assert factories.sign_in(client, user, digits).status_code == 302
    return clients


def test_of_many_browsers_that_change_the_password_one_stays(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    clients = browsers(jane, 5)

    def act(number: int) -> str:
        fields = {"password": f"the lantern of browser {number}"}
        response = clients[number].post("/settings/user/password/", fields)
        return response.get("Location", str(response.status_code))

    outcomes = at_once(act, len(clients))
    assert set(outcomes) <= {"/settings/user/", "/login/", "/login/?r=ended"}
    assert outcomes.count("/settings/user/") == 1
    winner = outcomes.index("/settings/user/")
    assert User.objects.get().check_password(f"the lantern of browser {winner}")
    assert [is_inside(client) for client in clients] == [n == winner for n in range(len(clients))]
    assert Session.objects.of(jane).count() == 1


@pytest.mark.parametrize("already", [0, 3])
def test_of_many_logins_at_once_five_stay(at_once: AtOnce, already: int) -> None:
    jane = factories.make_user("jane.sample")
    _code, digits = factories.make_code(jane)
    clients = [Client() for _ in range(already + 8)]
    for client in clients[:already]:
        assert factories.sign_in(client, jane, digits).status_code == 302
    outcomes = at_once(
        lambda n: factories.sign_in(clients[already + n], jane, digits).status_code, 8
    )
    assert outcomes == [302] * 8
    assert sum(is_inside(client) for client in clients) == 5
    assert Session.objects.of(jane).count() == 5
    given_way = SecurityEvent.objects.filter(kind=Event.SESSION_ENDED_BY_LIMIT)
    assert sum(event.detail["sessions"] for event in given_way) == already + 3
    assert not any(is_inside(client) for client in clients[:already])


def test_a_session_is_ended_once(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    here, there = browsers(jane, 2)
    name = public_id_of(there.cookies[COOKIE].value)

    def act(_number: int) -> int:
        client = Client()
        client.cookies[COOKIE] = here.cookies[COOKIE].value
        return int(client.post(f"/settings/user/sessions/{name}/end/").status_code)

    assert Counter(at_once(act)) == {302: 1, 404: THREADS - 1}
    assert events(Event.SESSION_ENDED_BY_OWNER) == 1
    assert is_inside(here)
    assert not is_inside(there)


def test_browsers_that_log_each_other_out_leave_one_or_none(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    clients = browsers(jane, 5)
    at_once(
        lambda n: clients[n].post("/settings/user/sessions/end-others/").status_code, len(clients)
    )
    assert sum(is_inside(client) for client in clients) <= 1


def test_contact_data_changed_at_once_are_those_of_one(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")

    def act(number: int) -> bool:
        user = User.objects.get(pk=jane.pk)
        return user.change_contact(email=f"jane{number}@new.example", by=user)

    assert at_once(act, 8) == [True] * 8
    user = User.objects.get()
    # Every address that was on file, however shortly, hears of the changes after it.
    assert len(user.addresses) == 9
    assert user.email.split("@")[0] in user.search_text
    assert events(Event.CONTACT_CHANGED) == 8
