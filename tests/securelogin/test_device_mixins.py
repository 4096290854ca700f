"""django-otp's own tests of its two mixins, run for every type that is switched on."""

from __future__ import annotations

from typing import Any

from django_otp.test_utils import TestCase, ThrottlingTestMixin, TimestampTestMixin

from securelogin.registry import DeviceTypeConfig, device_types
from tests import factories
from tests.securelogin.contract import contract_of


class OneType:
    """Gives django-otp's tests a device and its answers."""

    config: DeviceTypeConfig

    def setUp(self) -> None:
        """A client with a device that opens a session."""
        self.contract = contract_of(self.config)
        self.device = self.contract.device(factories.make_user("jane.sample"))

    def valid_token(self) -> str:
        """The right answer now."""
        return self.contract.answer(self.device)

    def invalid_token(self) -> str:
        """A wrong one."""
        return self.contract.wrong(self.device)


def _suite(config: DeviceTypeConfig, mixin: type[Any]) -> type[Any]:
    name = f"Test{config.model_name}{mixin.__name__.removesuffix('TestMixin')}"
    return type(name, (OneType, mixin, TestCase), {"config": config, "__module__": __name__})


for _config in device_types():
    for _mixin in (ThrottlingTestMixin, TimestampTestMixin):
        globals().update({_made.__name__: _made for _made in [_suite(_config, _mixin)]})


def test_both_suites_exist_for_every_type() -> None:
    made = [name for name in globals() if name.startswith("Test") and "Mixin" not in name]
    assert len([name for name in made if name != "TestCase"]) == 2 * len(device_types())
