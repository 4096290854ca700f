"""Whatever fails at whatever moment: closed, said, and never half done."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.models import Notice
from tests import factories
from tests.security.breaking import breaking, state
from tests.security.cast import CARD, LIST, untouched
from tests.security.desk_steps import DESK_STEPS
from tests.security.steps import STEPS, Step

MakeStep = Callable[[User, User], Step]


class KilledError(Exception):
    """The process is gone; no handler of the portal knows this."""


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")


def _after(step: Step) -> list[Any]:
    with untouched(step.client):
        assert step.send().status_code in {200, 302, 422, 429}
        return state()


@pytest.mark.django_db
@pytest.mark.parametrize("make", [*STEPS, *DESK_STEPS], ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    ("error", "stays", "status"),
    [(KilledError(), False, 500), (OperationalError("database is locked"), True, 503)],
    ids=["killed", "database away"],
)
def test_a_step_is_done_or_not_done_when_it_breaks_at_any_statement(
    make: MakeStep, error: Exception, stays: bool, status: int, jane: User, sam: User
) -> None:
    step = make(jane, sam)
    step.client.raise_request_exception = False
    before, after = state(), _after(step)
    assert after != before
    broken_at = []
    for at in range(1, 200):
        with untouched(step.client):
            with breaking(at, error, stays=stays) as broken:
                response = step.send()
            # The test's own transaction stands around it, and is not what broke.
            transaction.set_rollback(False)
            if not broken.reached:
                break
            now = state()
            if response.status_code != status or now not in (before, after):
                broken_at.append((at, response.status_code, _difference(now, before, after)))
    assert broken_at == []
    assert at > 5
    # Nothing was lost by it: the same request does it now.
    assert _after(step) == after


def _difference(now: list[Any], before: list[Any], after: list[Any]) -> list[Any]:
    return [part for part in zip(now, before, after, strict=True) if part[0] not in part[1:]]


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_blocks_and_loses_nothing(
    jane: User, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    client = factories.client_with_code(jane)
    path = client.post(CARD)["Location"]
    answer = factories.answers_of(client, jane.securitycards.get())[0]
    done = client.post(f"{path}activate/", {"card_values": answer})
    assert done["Location"] == f"{path}active/"
    unsent = Notice.objects.filter(sent_at=None)
    assert {notice.kind for notice in unsent} >= {"code_issued", "card_activated"}
    assert {notice.last_error for notice in unsent} == {"ConnectionRefusedError"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        call_command("run_jobs", stdout=io.StringIO())
    assert Notice.objects.filter(sent_at=None).count() == 0
    assert len(mail.outbox) >= 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [*STEPS, *DESK_STEPS], ids=lambda make: make.__name__)
def test_no_step_waits_for_its_mail(
    make: MakeStep, jane: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = make(jane, sam)
    told = Notice.objects.count()
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", _gone)
        assert step.send().status_code in {200, 302, 422, 429}
    unsent = Notice.objects.filter(sent_at=None)
    assert unsent.count() == Notice.objects.count() - told
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        call_command("run_jobs", stdout=io.StringIO())
    assert not unsent.exists()


def _gone(*_args: Any) -> None:
    raise ConnectionRefusedError


@pytest.mark.django_db
def test_an_older_key_verifies_until_it_is_removed(jane: User, settings: LazySettings) -> None:
    _row, answers = factories.make_card(jane)
    old = settings.ANSWER_KEYS
    settings.ANSWER_KEYS = (("new", bytes(range(200, 232))), *old)
    first = factories.sign_in(Client(), jane, answers[1], "card_values")
    assert first["Location"] == "/home/"
    settings.ANSWER_KEYS = settings.ANSWER_KEYS[:1]
    browser = Client()
    refused = factories.sign_in(browser, jane, answers[2], "card_values")
    assert refused.status_code == 422
    assert "This card can no longer be checked. Call Client Services." in refused.content.decode()
    assert browser.get(LIST)["Location"].startswith("/login/")
    # It is nobody's fault, so it counts for nothing; with the key the answer is still good.
    settings.ANSWER_KEYS = old
    assert browser.post("/login/verify/", {"card_values": answers[2]})["Location"] == "/home/"


@pytest.mark.django_db
def test_a_card_cannot_be_drawn_when_its_key_is_removed(jane: User, settings: LazySettings) -> None:
    client = factories.client_with_code(jane)
    path = client.post(CARD)["Location"]
    settings.VALUE_KEYS = (("new", bytes(range(200, 232))),)
    for name in ("image.png", "download.png", "card.pdf"):
        assert client.get(f"{path}{name}").status_code == 404
    assert "can no longer be" in client.get(f"{path}text/").content.decode()
    settings.ANSWER_KEYS = settings.VALUE_KEYS
    form = client.post(f"{path}activate/", {"card_values": "123456"})
    assert form.status_code == 422
    assert jane.securitycards.get().activation_failures == 0
