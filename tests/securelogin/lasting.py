"""Devices that last, of whatever type there is, for tests to which the type does not matter."""

from __future__ import annotations

from functools import cache

from django.test import Client

from accounts.models import User
from securelogin.permanent import PermanentDevice
from securelogin.registry import DeviceTypeConfig, device_types
from tests.securelogin.contract import TypeContract, contract_of

LASTING = [config for config in device_types() if not config.device_model.interim]


@cache
def contract_for(config: DeviceTypeConfig) -> TypeContract:
    """Of a type: always the same one, since it may hold the clients' ends of its devices."""
    return contract_of(config)


def contract() -> TypeContract:
    """Of the first such type."""
    return contract_for(LASTING[0])


def own_device(
    user: User, name: str = "", config: DeviceTypeConfig | None = None
) -> PermanentDevice:
    """A client's own device, added now, with a name; of any type, or of one."""
    device = contract_for(config or LASTING[0]).device(user)
    assert isinstance(device, PermanentDevice)
    if name:
        device.rename(name)
    return device


def held_device(user: User, name: str = "") -> PermanentDevice:
    """The same, on hold."""
    device = own_device(user, name)
    assert device.hold(by=None, ticket="T-0")
    return device


def inside_with(user: User, device: PermanentDevice) -> Client:
    """A browser that has logged in with it."""
    of_type = contract_for(device.device_type)
    return of_type.sign_in(user, device, of_type.answer(device))


def take_back(device: PermanentDevice) -> bool:
    """Its owner proves it again."""
    return device.reactivate(contract_for(device.device_type).answer(device))
