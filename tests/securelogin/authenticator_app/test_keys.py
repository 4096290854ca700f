"""The key of an app: encrypted, bound to its owner, rotated, lost, and gone with the device."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.authenticator_app import models
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.keys import KeyMissingError
from securelogin.lifecycle import EndReason
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.clock import Clock
from tests.securelogin.contract import binary_forms, is_inside
from tests.security.traces import database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
OLD, NEW = ("old", bytes(range(32))), ("new", bytes(range(200, 232)))
CALL = "Codes of this app can no longer be checked. Call Client Services."


def reencrypt() -> tuple[int, str]:
    """Exit status of the command, and what it printed."""
    out = StringIO()
    try:
        call_command("reencrypt_seeds", stdout=out)
    except SystemExit as stopped:
        return int(str(stopped.code)), out.getvalue()
    return 0, out.getvalue()


def key_use() -> str:
    """What `manage.py key_use` prints."""
    out = StringIO()
    with suppress(SystemExit):
        call_command("key_use", stdout=out)
    return out.getvalue()


def test_the_database_holds_no_key(jane: User) -> None:
    app = apps.make_app(jane)
    rows = database()
    for written in [apps.key_text(app), *binary_forms(app._key())]:
        assert written not in rows
    assert len(app._key()) == 20


def test_a_key_is_of_no_use_in_another_row(jane: User, mallory: User) -> None:
    """SECURITY: who can write to the database cannot give a victim the own key."""
    own, victim = apps.make_app(mallory), apps.make_app(jane)
    AuthenticatorApp.objects.filter(pk=victim.pk).update(
        sealed_key=own.sealed_key, key_id=own.key_id
    )
    assert apps.sign_in(Client(), jane, apps.code(own)).status_code == 422
    AuthenticatorApp.objects.filter(pk=own.pk).update(user=jane)
    moved = AuthenticatorApp.objects.get(pk=own.pk)
    assert not moved.verify_token("123456")
    assert moved.verdict is Verdict.KEY_MISSING


def test_a_rotated_key_still_opens_and_new_rows_use_the_first(
    jane: User, settings: Settings, clock: Clock
) -> None:
    settings.SEED_KEYS = (OLD,)
    app = apps.make_app(jane)
    settings.SEED_KEYS = (NEW, OLD)
    assert is_inside(apps.client_with_app(jane, app))
    assert (app.key_id, apps.make_app(jane).key_id) == ("old", "new")


def test_the_command_makes_an_old_key_needless(
    jane: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEED_KEYS = (OLD,)
    monkeypatch.setattr(models, "_BATCH", 2)
    devices = [apps.make_app(jane) for _ in range(5)]
    texts = [apps.key_text(app) for app in devices]
    devices[0].end(EndReason.CANCELLED_BY_CLIENT)
    devices[1].hold(by=None)
    settings.SEED_KEYS = (NEW, OLD)
    assert "SEED_KEYS old: needed, 4 rows" in key_use()
    assert reencrypt() == (0, "4 encrypted anew\n")
    assert "SEED_KEYS old: may be removed, 0 rows" in key_use()
    assert reencrypt() == (0, "0 encrypted anew\n")
    settings.SEED_KEYS = (NEW,)
    rows = list(AuthenticatorApp.objects.order_by("pk"))
    assert [apps.key_text(app) for app in rows[1:]] == texts[1:]
    assert bytes(rows[0].sealed_key) == b""


def test_the_command_names_what_it_cannot_open_and_goes_on(
    jane: User, mallory: User, settings: Settings
) -> None:
    settings.SEED_KEYS = (("lost", bytes(range(40, 72))),)
    apps.make_app(jane)
    settings.SEED_KEYS = (OLD,)
    good = apps.make_app(mallory)
    settings.SEED_KEYS = (NEW, OLD)
    status, said = reencrypt()
    assert status == 1
    assert said.startswith("1 encrypted anew\n1 NOT OPENED")
    assert AuthenticatorApp.objects.get(pk=good.pk).key_id == "new"
    assert "SEED_KEYS lost: NOT CONFIGURED, 1 rows need it" in key_use()


def test_a_device_that_ended_meanwhile_gets_no_key_back(jane: User, settings: Settings) -> None:
    settings.SEED_KEYS = (OLD,)
    app = apps.make_app(jane)
    settings.SEED_KEYS = (NEW, OLD)
    AuthenticatorApp.objects.get(pk=app.pk).end(EndReason.REPORTED_LOST)
    assert not app.reencrypt()
    app.refresh_from_db()
    assert bytes(app.sealed_key) == b""


def test_a_lost_key_says_to_call_counts_nothing_and_leaves_the_other_ways(
    jane: User, settings: Settings, clock: Clock
) -> None:
    settings.SEED_KEYS = (OLD,)
    app = apps.make_app(jane)
    card, answers = factories.make_card(jane)
    AuthenticatorApp.objects.update(held_at=None, confirmed=True)
    right = apps.code(app)
    settings.SEED_KEYS = (NEW,)
    address = f"/login/verify/?device=authenticator-app-{app.pk}"
    for typed in (right, apps.wrong_code(right)) * 6:
        answer = apps.after_password(jane).post(address, {"app_code": typed})
        assert answer.status_code == 422
        assert CALL in answer.content.decode()
        assert card.title in answer.content.decode()
    assert app.attempts_left == 10
    assert factories.sign_in(Client(), jane, answers[1], "card_values").status_code in {302, 422}
    client = apps.after_password(jane)
    other = f"/login/verify/?device=security-card-{card.pk}"
    assert client.post(other, {"card_values": answers[1]}).status_code == 302


def test_a_lost_key_is_no_way_into_a_session_that_proves_itself(
    jane: User, settings: Settings, clock: Clock
) -> None:
    client = apps.client_with_app(jane, apps.make_app(jane))
    clock.shift(apps.STEP * 20)
    settings.SEED_KEYS = (NEW,)
    fields = {"password": factories.PASSWORD, "app_code": "123456"}
    answer = client.post("/login/confirm/", fields)
    assert answer.status_code == 422
    assert CALL in answer.content.decode()


def test_its_key_is_gone_at_its_end(jane: User) -> None:
    app = apps.make_app(jane)
    app.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    app.refresh_from_db()
    assert bytes(app.sealed_key) == b""
    with pytest.raises(KeyMissingError):
        app._key()
