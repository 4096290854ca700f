"""A key that was removed too early: what it proved is refused, and the log says so."""

from __future__ import annotations

import logging

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.password_reset import PasswordReset
from securelogin.desk.models import IdentityCheck
from securelogin.keys import logger
from securelogin.security_card.models import Activation
from securelogin.verdict import Verdict
from tests import factories
from tests.accounts.mailbox import Postman
from tests.accounts.mailbox import postman as postman

pytestmark = pytest.mark.django_db
NEW = ("new", bytes(range(100, 132)))
LINE = "key missing: test-a"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged of keys."""
    caplog.set_level(logging.ERROR, logger=logger.name)
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    """The messages of errors; none of them holds a key."""
    return [record.getMessage() for record in log.records if record.levelno == logging.ERROR]


def test_of_a_card(jane: User, settings: Settings, log: pytest.LogCaptureFixture) -> None:
    card, answers = factories.make_card(jane)
    assert card.verify_token(answers[1])
    assert lines(log) == []
    settings.ANSWER_KEYS = (NEW,)
    assert not card.verify_token(answers[2])
    assert card.verdict is Verdict.KEY_MISSING
    assert lines(log) == [LINE]


def test_of_a_card_that_is_activated(
    jane: User, settings: Settings, log: pytest.LogCaptureFixture
) -> None:
    card, answers = factories.make_card(jane, active=False)
    settings.ANSWER_KEYS = (NEW,)
    assert card.activate(answers[0]) is Activation.KEY_MISSING
    assert lines(log) == [LINE]


def test_of_a_code(jane: User, settings: Settings, log: pytest.LogCaptureFixture) -> None:
    code, digits = factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW,)
    assert not code.verify_token(digits)
    assert code.verdict is Verdict.KEY_MISSING
    assert lines(log) == [LINE]


def test_of_a_number_that_a_caller_reads_back(
    jane: User, sam: User, settings: Settings, log: pytest.LogCaptureFixture
) -> None:
    check = IdentityCheck.objects.start(sam, jane)
    check.send_number()
    settings.ANSWER_KEYS = (NEW,)
    assert not check.compare("12345678")
    assert lines(log) == [LINE]


def test_of_a_number_for_a_forgotten_password(
    jane: User, settings: Settings, log: pytest.LogCaptureFixture, postman: Postman
) -> None:
    row = PasswordReset.objects.start(jane.username, 1)
    settings.ANSWER_KEYS = (NEW,)
    assert not row.compare("12345678")
    assert lines(log) == [LINE]


def test_of_what_is_drawn_on_a_card(
    jane: User, settings: Settings, log: pytest.LogCaptureFixture
) -> None:
    browser = factories.client_with_code(jane)
    page = browser.post("/settings/user/secure-login/card/")["Location"]
    (key_id, key), *_older = settings.VALUE_KEYS
    settings.VALUE_KEYS = (NEW,)
    assert browser.get(f"{page}card.pdf").status_code == 404
    assert lines(log) == [f"key missing: {key_id}"]
    assert key.hex() not in log.text
