"""The key of an app in all that adding it and logging in with it leave behind: on one page only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.authenticator_app.apps import SCAN, START, Phone
from tests.securelogin.clock import Clock
from tests.security.canaries import spellings
from tests.security.traces import Recorder, all_logs, database, written

pytestmark = pytest.mark.django_db
LIST = "/settings/user/secure-login/"


def walk(client: Client, jane: User, clock: Clock) -> tuple[Phone, set[str]]:
    """Added after mistakes, used, used again, renamed; the codes that were right."""
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    client.get(START)
    phone = apps.scan(client)
    codes = {phone.code(steps) for steps in range(12)}
    off = phone.code(clock=timedelta(minutes=8))
    for typed in ("", "12345", "000000", off):
        assert client.post(SCAN, phone.form(typed)).status_code == 422
    client.get(client.post(SCAN, phone.form())["Location"])
    pk = AuthenticatorApp.objects.get().pk
    client.post(f"{LIST}rename/authenticator-app/{pk}/", {"name": "My phone"})
    for page in ("/home/", LIST, f"{LIST}cancel/authenticator-app/{pk}/", "/settings/user/"):
        client.get(page)
    client.post("/logout/")
    clock.shift(apps.STEP * 2)
    for _ in range(2):
        apps.sign_in(client, jane, phone.code())
        client.post("/logout/")
    return phone, codes


@pytest.fixture
def logs() -> Iterator[list[str]]:
    """Every line of every log."""
    with all_logs() as lines:
        yield lines


def test_the_key_is_on_the_page_that_shows_it_and_nowhere_else(
    jane: User,
    clock: Clock,
    logs: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client = Recorder()
    with django_capture_on_commit_callbacks(execute=True):
        phone, codes = walk(client, jane, clock)
    secrets = {phone.entry.secret, phone.address, *spellings(phone.entry.byte_secret())}
    events = [json.dumps(event.log_fields()) for event in SecurityEvent.objects.all()]
    mails = [written(message) for message in mail.outbox]
    pages = [(where, page) for where, page in client.pages if page]
    others = [page for where, page in pages if not where.startswith(SCAN)]
    shown = [page for where, page in pages if where.startswith(SCAN)]
    assert all(phone.entry.secret in page for page in shown)
    texts = [*others, *client.seen, *logs, *events, *mails, database()]
    assert min(len(shown), len(mails)) > 0
    assert len(others) > 6
    assert len(events) > 5
    assert len(logs) > 5
    for text in texts:
        assert not [secret for secret in secrets if secret in text], text[:300]
    for text in [*client.seen, *logs, *events, *mails]:
        assert not [code for code in codes if f'"{code}"' in text or f"={code}" in text]
