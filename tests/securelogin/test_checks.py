"""The system checks name a mistake of configuration before it opens a hole."""

from __future__ import annotations

import pytest
from django.core.checks import Error, run_checks
from django_otp.models import Device
from pytest_django import Settings

from securelogin import checks
from securelogin.checks import answers_are_costly, every_device_has_a_type, policy_is_sound
from securelogin.registry import device_types


def test_the_portal_as_it_is_has_nothing_to_complain_about() -> None:
    found = run_checks(include_deployment_checks=False)
    assert [message.id for message in found if str(message.id).startswith("securelogin")] == []


def test_a_device_without_a_type_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stray(Device):
        """A django-otp device that no type describes."""

        class Meta:
            abstract = True

    models = [config.device_model for config in device_types()]
    monkeypatch.setattr(checks, "device_classes", lambda: [*models, Stray])
    (message,) = every_device_has_a_type(None)
    assert isinstance(message, Error)
    assert message.id == "securelogin.E001"
    assert "Stray" in message.msg


def test_a_refused_number_is_named(settings: Settings) -> None:
    settings.SECURELOGIN = {"lock_hours": 0}
    (message,) = policy_is_sound(None)
    assert message.id == "securelogin.E002"
    assert "lock_hours" in message.msg


@pytest.mark.parametrize(
    ("cost", "warns"),
    [((19456, 2, 1), False), ((47104, 1, 1), False), ((19456, 1, 1), True), ((8, 1, 1), True)],
)
def test_cheap_hashes_of_answers_are_named(
    settings: Settings, cost: tuple[int, int, int], warns: bool
) -> None:
    settings.ANSWER_HASH_COST = cost
    assert [message.id for message in answers_are_costly(None)] == ["securelogin.W001"] * warns


def test_cheap_hashes_are_looked_at_before_a_deployment_only(settings: Settings) -> None:
    settings.ANSWER_HASH_COST = (8, 1, 1)
    assert "securelogin.W001" not in {message.id for message in run_checks()}
    deployed = run_checks(include_deployment_checks=True)
    assert "securelogin.W001" in {message.id for message in deployed}
