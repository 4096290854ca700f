"""What is sent twice at once, or from another tab, leaves the browser logged in.

The second answer finds a session that is gone; the cookie by then is that of the new one.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests import factories
from tests.securelogin.contract import is_inside
from tests.securelogin.lasting import LASTING, contract_for, own_device
from tests.securelogin.passkey.steps import question_on
from tests.security.test_ended_sessions import post_slowly

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME
PASSKEY = LASTING[0]


def test_a_passkeys_answer_sent_twice_at_once_leaves_the_browser_logged_in(jane: User) -> None:
    phone = own_device(jane, config=PASSKEY)
    kind = contract_for(PASSKEY)
    browser, twin = Client(), Client()
    browser.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    page = f"/login/verify/?device={phone.type_slug}-{phone.pk}"
    question = question_on(browser.get(page))["publicKey"]
    # The passkey's contract keeps them; the others have none.
    signed = kind.signers[kind.answer(phone)].sign(question)  # type: ignore[attr-defined]
    fields = {PASSKEY.load_answer_form().field_name: signed}
    twin.cookies[COOKIE] = browser.cookies[COOKIE].value

    def other_click() -> None:
        assert twin.post(page, fields)["Location"] == "/home/"
        # One jar: the reply of the other click came first.
        browser.cookies[COOKIE] = twin.cookies[COOKIE].value

    post_slowly(browser, page, fields, other_click)
    assert is_inside(twin)
    assert is_inside(browser)
