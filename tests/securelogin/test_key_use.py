"""Which keys are still needed: an old one goes when nothing alive was made with it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import User
from securelogin.fields import KeyIdField
from securelogin.lifecycle import EndReason
from securelogin.temporary_code.models import TemporaryCode
from tests import factories

pytestmark = pytest.mark.django_db
NEW = ("new", bytes(range(100, 132)))


def said() -> list[str]:
    """What the command prints."""
    out = StringIO()
    call_command("key_use", stdout=out)
    return out.getvalue().splitlines()


def test_a_new_key_is_in_use_and_an_old_one_needed_until_its_last_device_ends(
    jane: User, settings: Settings
) -> None:
    code, _digits = factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW, *settings.ANSWER_KEYS)
    assert "ANSWER_KEYS new: in use, 0 rows" in said()
    assert "ANSWER_KEYS test-a: needed, 1 rows" in said()
    code.end(EndReason.CANCELLED_BY_STAFF)
    assert "ANSWER_KEYS test-a: may be removed, 0 rows" in said()


def test_a_key_that_rows_need_and_nobody_has_is_named_with_status_1(
    jane: User, settings: Settings
) -> None:
    factories.make_code(jane)
    settings.ANSWER_KEYS = (NEW,)
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("key_use", stdout=out)
    assert stopped.value.code == 1
    assert "ANSWER_KEYS test-a: NOT CONFIGURED, 1 rows need it" in out.getvalue()


def test_no_key_is_printed(jane: User, settings: Settings) -> None:
    factories.make_card(jane)
    for ring in settings.KEY_RINGS:
        for _key_id, key in getattr(settings, ring):
            assert key.hex() not in " ".join(said())


def test_every_column_with_a_key_id_is_counted(settings: Settings) -> None:
    columns = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name.endswith("key_id")
    }
    counted = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, KeyIdField) and field.ring in settings.KEY_RINGS
    }
    assert counted == columns
    assert (TemporaryCode._meta.label, "key_id") in counted
