"""The device of a session is found by a query of our own, as django-otp would find it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.middleware import OTPMiddleware

from accounts.models import User
from securelogin.middleware import DeviceMiddleware
from securelogin.registry import DeviceTypeConfig, device_types
from tests import factories
from tests.securelogin.contract import contract_of

pytestmark = pytest.mark.django_db
OURS: Any = cast("Any", DeviceMiddleware)(HttpResponse)
THEIRS: Any = cast("Any", OTPMiddleware)(HttpResponse)


def facts(row: models.Model | None) -> dict[str, Any] | None:
    """What was read of a row; None if there was none."""
    if row is None:
        return None
    return {name: value for name, value in vars(row).items() if name != "_state"}


@pytest.mark.parametrize("config", device_types(), ids=lambda config: config.slug)
def test_it_is_the_device_that_django_otp_finds(jane: User, config: DeviceTypeConfig) -> None:
    device = contract_of(config).device(jane)
    with CaptureQueriesContext(connection) as queries:
        found = OURS._device_from_persistent_id(device.persistent_id)
    assert len(queries) == 1
    assert found == device
    assert facts(found) == facts(THEIRS._device_from_persistent_id(device.persistent_id))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "1",
        "accounts.user/1",
        "nowhere.nothing/1",
        "temporary_code.temporarycode",
        "temporary_code.temporarycode/",
        "temporary_code.temporarycode/0",
        "temporary_code.temporarycode/-1",
        "temporary_code.temporarycode/x",
        "temporary_code.temporarycode/\u0661",
        f"temporary_code.temporarycode/{10**17}",
        f"temporary_code.temporarycode/{10**18}",
        f"temporary_code.temporarycode/{10**30}",
        "temporary_code.temporarycode/1/1",
        "securelogin.temporary_code.models.TemporaryCode/0",
    ],
)
def test_what_is_no_device_is_none_for_both(jane: User, name: str) -> None:
    factories.make_code(jane)
    try:
        theirs = THEIRS._device_from_persistent_id(name)
    # A name that no session holds.
    except AttributeError:
        with pytest.raises(AttributeError):
            OURS._device_from_persistent_id(name)
    else:
        assert facts(OURS._device_from_persistent_id(name)) == facts(theirs)


def test_a_device_of_somebody_else_or_one_not_in_force_opens_nothing(
    jane: User, mallory: User
) -> None:
    foreign, _digits = factories.make_code(mallory)
    ended, _digits = factories.make_code(jane)
    for device in (foreign, ended):
        browser = factories.client_with_code(jane)
        assert browser.get("/home/").status_code == 200
        session = browser.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
        type(device).objects.filter(pk=ended.pk).update(confirmed=False)
        assert browser.get("/home/")["Location"].startswith("/login/")


def test_the_portal_asks_by_it(jane: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = DeviceMiddleware._device_from_persistent_id

    def finds(self: DeviceMiddleware, name: str) -> Any:
        asked.append(name)
        return find(self, name)

    browser: Client = factories.client_with_code(jane)
    monkeypatch.setattr(DeviceMiddleware, "_device_from_persistent_id", finds)
    assert browser.get("/home/").status_code == 200
    assert asked == [browser.session[DEVICE_ID_SESSION_KEY]]
