"""The stopped clock, and one device of each type for the tests that all types share."""

from __future__ import annotations

import pytest

from accounts.models import User
from securelogin.models import LoginDevice
from securelogin.registry import device_types
from tests.securelogin.clock import clock
from tests.securelogin.contract import TypeContract, contract_of
from tests.securelogin.mail_server import MailServer

__all__ = ["clock"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> MailServer:
    """A mail server that answers at the start."""
    return MailServer(monkeypatch)


@pytest.fixture(params=device_types(), ids=lambda config: config.slug)
def contract(request: pytest.FixtureRequest) -> TypeContract:
    """One type after the other."""
    return contract_of(request.param)


@pytest.fixture
def device(contract: TypeContract, jane: User) -> LoginDevice:
    """Jane's usable device of this type."""
    return contract.device(jane)
