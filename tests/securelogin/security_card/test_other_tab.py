"""A card that is requested in one tab while another tab proves both factors."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from securelogin import proof
from securelogin.security_card import making
from tests import factories
from tests.securelogin.contract import is_inside
from tests.securelogin.security_card.browser import REQUEST

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME


def test_a_proof_in_another_tab_while_the_card_is_made_keeps_the_browser_logged_in(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _code, digits = factories.make_code(jane)
    browser = Client(raise_request_exception=False)
    factories.sign_in(browser, jane, digits)
    tab = Client()
    tab.cookies[COOKIE] = browser.cookies[COOKIE].value
    really = making.hash_answers

    def hash_answers(*args: Any) -> bytes:
        tab.post("/login/confirm/", {"password": factories.PASSWORD, "temporary_code": digits})
        assert is_inside(tab)
        # One jar for both tabs.
        browser.cookies[COOKIE] = tab.cookies[COOKIE].value
        return really(*args)

    monkeypatch.setattr(making, "hash_answers", hash_answers)
    monkeypatch.setattr(proof, "is_fresh", lambda _request, within=None: within is not None)
    browser.post(REQUEST)
    assert is_inside(browser)
