"""The session between the password and the second step: one row, which the login takes over."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from securelogin import second_step
from securelogin.events import Event
from securelogin.models import Failures, SecurityEvent
from tests import factories
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.django_db
STATEMENTS = 17
COOKIE = settings.SESSION_COOKIE_NAME


def after_password(user: User) -> Client:
    """A browser that has passed the first step."""
    browser = Client()
    browser.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return browser


def test_the_row_of_the_password_step_becomes_the_row_of_the_login(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    browser = after_password(jane)
    (begun,) = Session.objects.all()
    assert (begun.user, begun.pending) == (jane, True)
    browser.post("/login/verify/", {"temporary_code": digits})
    (opened,) = Session.objects.all()
    assert (opened.user, opened.pending) == (jane, False)
    assert opened.session_key != begun.session_key
    assert "pending_sign_in" not in opened.get_decoded()
    assert is_inside(browser)


def test_the_key_of_before_is_worth_nothing(jane: User) -> None:
    """SECURITY: a key that was planted or seen before the login does not name the session."""
    _code, digits = factories.make_code(jane)
    browser = after_password(jane)
    planted = Client()
    planted.cookies.update(browser.cookies)
    browser.post("/login/verify/", {"temporary_code": digits})
    assert is_inside(browser)
    assert not is_inside(planted)


def sent_twice(
    browser: Client, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]
) -> tuple[Any, Any]:
    """The form of the second step, sent again while the first is about to be judged. Returns the
    answer to the first and the one to the second, which is the one that a browser shows."""
    twin = Client()
    twin.cookies.update(browser.cookies)
    first: list[Any] = []
    really = second_step.devices_to_ask

    def devices(*args: Any, **options: Any) -> Any:
        if options.get("lock") and not first:
            first.append(None)
            first[0] = twin.post("/login/verify/", fields)
        return really(*args, **options)

    monkeypatch.setattr(second_step, "devices_to_ask", devices)
    return browser.post("/login/verify/", fields), first[0]


def test_a_code_sent_twice_at_once_logs_in_once(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click without a script: the second joins the session that the first has made."""
    _code, digits = factories.make_code(jane)
    browser = after_password(jane)
    shown, unseen = sent_twice(browser, monkeypatch, {"temporary_code": digits})
    assert shown["Location"] == unseen["Location"] == "/home/"
    assert Session.objects.count() == 1
    assert shown.cookies[COOKIE].value == unseen.cookies[COOKIE].value
    assert is_inside(browser)


def test_card_values_sent_twice_at_once_are_not_counted_as_wrong(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, answers = factories.make_card(jane)
    browser = after_password(jane)
    page = browser.get("/login/verify/").content.decode()
    assert f'name="question" value="{card.question}"' in page
    fields = {"card_values": answers[1], "question": card.question}
    shown, unseen = sent_twice(browser, monkeypatch, fields)
    assert shown["Location"] == unseen["Location"] == "/home/"
    # The cookie is left alone: it may be that of the login.
    assert not shown.cookies
    assert not Failures.objects.exists()
    assert not SecurityEvent.objects.filter(kind=Event.SIGN_IN_REFUSED).exists()
    assert Session.objects.count() == 1


def test_an_answer_to_an_older_question_is_not_judged(jane: User) -> None:
    card, answers = factories.make_card(jane)
    browser = after_password(jane)
    for typed in (answers[1], answers[0], "000000"):
        fields = {"card_values": typed, "question": "pair 7"}
        answer = browser.post("/login/verify/", fields)
        assert answer.status_code == 422
        assert "Answer the one that is asked now" in answer.content.decode()
        assert f'name="question" value="{card.question}"' in answer.content.decode()
    assert not Failures.objects.exists()
    fields = {"card_values": answers[1], "question": card.question}
    assert browser.post("/login/verify/", fields)["Location"] == "/home/"


def test_a_login_that_is_only_begun_is_no_session(jane: User) -> None:
    browser = factories.client_with_code(jane)
    after_password(jane)
    assert "logged in in another browser" not in browser.get("/home/").content.decode()
    browser.post("/settings/user/sessions/end-others/")
    assert not SecurityEvent.objects.filter(kind=Event.SESSION_ENDED_BY_OWNER).exists()


@pytest.mark.django_db(transaction=True)
def test_a_login_takes_few_statements(jane: User) -> None:
    """Counted with BEGIN and COMMIT; the leanest login in two steps that is known takes 17."""
    factories.make_code(jane)
    _card, answers = factories.make_card(jane)
    factories.sign_in(Client(), jane, answers[1], "card_values")  # the first use is told
    browser = Client()
    with CaptureQueriesContext(connection) as queries:
        browser.get("/login/")
        browser.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
        page = browser.get("/login/verify/")
        (action,) = re.findall(r'action="(\?device=[^"]+)"', page.content.decode())
        browser.post(f"/login/verify/{action}", {"card_values": answers[2]})
    assert len(queries) == STATEMENTS
    assert is_inside(browser)
