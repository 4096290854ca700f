"""The second step with an authenticator app: what is forgiven, what is said, what serves once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.clock import AUTUMN, Clock
from tests.securelogin.contract import LATER, is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
USED = "That code has been used already. Wait for the next one and enter that."
WRONG = "That code is not correct. Enter the one that the app shows now"


def answer(user: User, typed: str) -> tuple[int, str]:
    """Status and text of the second step, after a right password in a new browser."""
    response = apps.sign_in(Client(), user, typed)
    return response.status_code, response.content.decode()


@pytest.fixture
def app(jane: User) -> AuthenticatorApp:
    """Jane's app."""
    return apps.make_app(jane, "my phone")


def test_the_question_says_which_app(jane: User, app: AuthenticatorApp) -> None:
    page = apps.after_password(jane).get("/login/verify/").content.decode()
    assert f"<h1>{apps.PROMPT}</h1>" in page
    assert f'<strong class="serial">{app.short_serial}</strong>' in page
    assert "<strong>my phone</strong>" in page
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page


@pytest.mark.parametrize("spoken", ["{0} {1}", "{0}-{1}", " {0}.{1}\t", "{0}\u00a0{1}\u200b"])
def test_it_takes_the_code_as_people_type_it(
    jane: User, app: AuthenticatorApp, spoken: str
) -> None:
    code = apps.code(app)
    assert answer(jane, spoken.format(code[:3], code[3:]))[0] == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the six digits that your authenticator app shows"),
        ("12345x", "The code has digits only. Take out everything else."),
        ("1234567", "The code must have six digits. You entered 7."),
    ],
)
def test_a_format_error_is_explained_and_costs_nothing(
    jane: User, app: AuthenticatorApp, typed: str, said: str
) -> None:
    for _ in range(12):
        status, page = answer(jane, typed)
    assert (status, page.count(said)) == (422, 2)
    assert app.attempts_left == 10


@pytest.mark.parametrize(("steps", "right"), [(-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)])
def test_it_serves_one_step_before_and_one_after(
    jane: User, app: AuthenticatorApp, steps: int, right: int
) -> None:
    # make_app's key has just served two steps ago; here nothing has.
    AuthenticatorApp.objects.update(accepted_step=0)
    status, page = answer(jane, apps.code(app, steps))
    assert status == (302 if right else 422)
    assert (WRONG in page) is not bool(right)


def test_it_serves_for_a_minute_and_a_half(jane: User, app: AuthenticatorApp, clock: Clock) -> None:
    code = apps.code(app, 1)
    for seconds, right in ((-0.1, False), (0, True), (89.9, True), (90, False)):
        clock.move_to(AUTUMN + timedelta(seconds=seconds))
        AuthenticatorApp.objects.update(
            accepted_step=0, throttling_failure_timestamp=None, throttling_failure_count=0
        )
        assert (answer(jane, code)[0] == 302) is right, seconds


def test_a_code_that_has_served_is_refused_counted_recorded_and_told(
    jane: User, app: AuthenticatorApp
) -> None:
    code = apps.code(app)
    assert answer(jane, code)[0] == 302
    status, page = answer(jane, code)
    assert (status, page.count(USED)) == (422, 2)
    assert "call Client Services" in page
    assert app.attempts_left == 9
    event = SecurityEvent.objects.get(kind=Event.SIGN_IN_REFUSED)
    assert (event.user, event.device) == (jane, app.persistent_id)
    assert event.detail == {"failures": 1, "verdict": Verdict.REPLAYED.value}


def test_after_a_later_code_an_earlier_one_does_not_serve(
    jane: User, app: AuthenticatorApp
) -> None:
    now, ahead = apps.code(app), apps.code(app, 1)
    assert answer(jane, ahead)[0] == 302
    status, page = answer(jane, now)
    assert (status, USED in page) == (422, True)


def test_the_next_code_serves_again(jane: User, app: AuthenticatorApp, clock: Clock) -> None:
    for _ in range(3):
        assert answer(jane, apps.code(app))[0] == 302
        clock.shift(apps.STEP)


def test_a_clock_of_the_server_that_was_set_back_lets_nothing_serve_again(
    jane: User, app: AuthenticatorApp, clock: Clock
) -> None:
    clock.shift(timedelta(hours=1))
    assert answer(jane, apps.code(app))[0] == 302
    clock.shift(timedelta(hours=-1))
    assert answer(jane, apps.code(app))[0] == 422


def test_another_clients_code_is_just_wrong(jane: User, mallory: User) -> None:
    apps.make_app(jane)
    other = apps.make_app(mallory)
    status, page = answer(jane, apps.code(other))
    assert (status, WRONG in page) == (422, True)
    # It has not been used up by that.
    assert answer(mallory, apps.code(other))[0] == 302


def test_of_two_apps_each_has_its_own_codes(jane: User, clock: Clock) -> None:
    first, second = apps.make_app(jane, "one"), apps.make_app(jane, "two")
    for asked, other in ((first, second), (second, first)):
        client = apps.after_password(jane)
        address = f"/login/verify/?device=authenticator-app-{asked.pk}"
        assert client.post(address, {"app_code": apps.code(other)}).status_code == 422
        clock.shift(LATER)
        assert client.post(address, {"app_code": apps.code(asked)}).status_code == 302
        assert is_inside(client)


def test_a_fresh_proof_uses_a_code_up_only_with_the_right_password(
    jane: User, app: AuthenticatorApp, clock: Clock
) -> None:
    client = apps.client_with_app(jane, app)
    clock.shift(timedelta(minutes=6))
    fields = {"password": "wrong-password-1", "app_code": apps.code(app)}
    assert client.post("/login/confirm/", fields).status_code == 422
    clock.shift(LATER)
    fields["password"] = factories.PASSWORD
    assert client.post("/login/confirm/", fields).status_code == 302
