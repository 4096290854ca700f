"""A device that is revoked while its session adds another one lets nobody in with that one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.lifecycle import EndReason
from securelogin.models import lock_client
from tests import factories
from tests.races.conftest import PATIENCE
from tests.races.masters import waiting
from tests.securelogin.authenticator_app import apps
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]


def test_a_device_that_is_revoked_meanwhile_adds_no_other(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    code, digits = factories.make_code(jane)
    thief = Client()
    factories.sign_in(thief, jane, digits)
    form = apps.scan(thief).form()
    revoking = threading.Event()

    def act(number: int) -> None:
        if number:
            assert revoking.wait(PATIENCE)
            thief.post(apps.SCAN, form)
            return
        with transaction.atomic():
            lock_client(jane)
            assert code.end(EndReason.CANCELLED_BY_STAFF)
            revoking.set()
            # The thief's request has read its session, and waits for the client's row.
            while not waiting():
                pass

    at_once(act, 2)
    assert not AuthenticatorApp.objects.of(jane).open().exists()
    assert not is_inside(thief)
