"""How well a device protects, and what may leave with it."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.models import User
from portal.urls import urlpatterns as portal_urlpatterns
from securelogin.policy import Policy
from securelogin.protection import Protection, WithdrawalLimits
from securelogin.registry import device_types
from tests import factories


def protected(request: HttpRequest) -> HttpResponse:
    """Other code that moves money: it asks the request."""
    return HttpResponse(f"{request.access.name} {request.protection.name}")  # type: ignore[attr-defined]


urlpatterns = [*portal_urlpatterns, path("money/", protected)]


@pytest.mark.parametrize(
    ("level", "limits"),
    [
        (Protection.NONE, WithdrawalLimits(0, 0)),
        (Protection.BASIC, WithdrawalLimits(50_000, 100_000)),
        (Protection.MEDIUM, WithdrawalLimits(200_000, 600_000)),
        (Protection.HIGH, WithdrawalLimits(1_000_000, 1_000_000)),
        (Protection.HIGHEST, WithdrawalLimits(None, None)),
    ],
)
def test_each_level_has_the_limits_of_the_source(
    level: Protection, limits: WithdrawalLimits
) -> None:
    assert Policy().withdrawal_limits(level) == limits


def test_limits_read_as_a_sentence() -> None:
    limits = Policy().withdrawal_limits(Protection.BASIC)
    assert str(limits) == "USD 50,000 a day, USD 100,000 in five business days"
    assert str(Policy().withdrawal_limits(Protection.HIGHEST)) == "no limit"


@pytest.mark.parametrize("name", ["withdrawal_day", "withdrawal_five_days"])
def test_every_level_needs_its_number(name: str) -> None:
    with pytest.raises(ValueError, match="one for each level"):
        Policy.of({name: [1, 2, 3]})


def test_every_type_states_a_level_and_interim_ones_are_weaker() -> None:
    interim = {c.protection for c in device_types() if c.device_model.interim}
    lasting = {c.protection for c in device_types() if not c.device_model.interim}
    assert Protection.NONE not in interim | lasting
    assert max(interim) < min(lasting, default=Protection.HIGHEST)


@pytest.mark.django_db
@pytest.mark.urls("tests.securelogin.test_protection")
def test_the_session_carries_the_level_of_its_device(jane: User) -> None:
    client = factories.client_with_code(jane)
    assert client.get("/money/").content == b"FULL BASIC"
    code, _digits = factories.make_code(jane)
    _row, answers = factories.make_card(jane, code=code)
    client = Client()
    factories.sign_in(client, jane, answers[1], "card_values")
    assert client.get("/money/").content == b"FULL MEDIUM"
