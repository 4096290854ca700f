"""What the shared suite has to know of a type: each type's test package describes itself.

`tests/securelogin/<app label>/contract.py` defines ``Contract``, a subclass of `TypeContract`.
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from importlib import import_module
from typing import Any, ClassVar, cast

from django.test import Client

from accounts.models import User
from securelogin.models import LoginDevice
from securelogin.registry import DeviceTypeConfig
from tests import factories


class TypeContract:
    """A device of one type in the state that a test wants, and what to answer."""

    # Whether an answer that was accepted is refused when it is given again.
    single_use: ClassVar[bool]
    # Whether a person types it; otherwise the browser sends it.
    typed: ClassVar[bool] = True

    def __init__(self, config: DeviceTypeConfig) -> None:
        self.config = config

    def device(self, user: User) -> LoginDevice:
        """A device of this client that opens a session now."""
        raise NotImplementedError

    def answer(self, device: LoginDevice) -> str:
        """The right answer at this moment."""
        raise NotImplementedError

    def secrets(self, device: LoginDevice) -> list[str]:
        """Texts that no page, mail, event or message may ever hold."""
        raise NotImplementedError

    def wrong(self, device: LoginDevice) -> str:
        """A well-formed answer that is not the right one, nor a mistake that is forgiven."""
        right = self.answer(device)
        return "".join(str(9 - int(digit)) for digit in right)

    def sign_in(
        self, user: User, device: LoginDevice, answer: str, client: Client | None = None
    ) -> Client:
        """A browser that went through both steps with this device."""
        client = client or Client()
        client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
        self.send(client, f"/login/verify/?device={device.type_slug}-{device.pk}", answer)
        return client

    def send(self, client: Client, address: str, answer: str, **fields: str) -> Any:
        """Answer the question of a page, and whatever else the page asks for.

        Args:
            client: the browser.
            address: of the page.
            answer: from `answer` or `wrong`.
            fields: what else stands in its form.
        """
        return client.post(address, {self.config.load_answer_form().field_name: answer, **fields})


def contract_of(config: DeviceTypeConfig) -> TypeContract:
    """The contract of a type, found by its app label."""
    module = import_module(f"tests.securelogin.{config.label}.contract")
    return cast("TypeContract", module.Contract(config))


def binary_forms(value: bytes | memoryview) -> list[str]:
    """How bytes could show up in a text."""
    plain = bytes(value)
    return [plain.hex(), base64.b64encode(plain).decode(), repr(plain)]


def same_for_everybody(page: bytes) -> str:
    """A page without what is drawn anew for each: its nonce and its token against forgery."""
    return re.sub(r'(nonce|value)="[^"]*"', "", page.decode())


def is_inside(client: Client) -> bool:
    """Whether this browser's session reaches the portal."""
    return client.get("/home/").status_code == 200


LATER = timedelta(seconds=1.1)
