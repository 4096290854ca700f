"""The passkey, described for the shared suite."""

from __future__ import annotations

import json
from typing import Any, ClassVar, cast

from cryptography.hazmat.primitives import serialization
from django.test import Client

from accounts.models import User
from securelogin.models import LoginDevice
from securelogin.passkey import ceremony
from securelogin.passkey.models import Passkey
from securelogin.registry import DeviceTypeConfig
from tests.securelogin.contract import TypeContract, binary_forms
from tests.securelogin.passkey.authenticator import Authenticator
from tests.securelogin.passkey.steps import make_passkey, new_challenge, question_on


class Contract(TypeContract):
    """Each answer is to a challenge of its own, which serves once."""

    single_use = True
    typed: ClassVar[bool] = False

    def __init__(self, config: DeviceTypeConfig) -> None:
        super().__init__(config)
        self.authenticators: dict[int, Authenticator] = {}
        # Who gave an answer.
        self.signers: dict[str, Authenticator] = {}

    def device(self, user: User) -> LoginDevice:
        """Added now."""
        passkey, authenticator = make_passkey(user)
        self.authenticators[passkey.pk] = authenticator
        return passkey

    def answer(self, device: LoginDevice) -> str:
        """To a challenge of its own; `send` has the page's signed."""
        return self._signed(self.authenticators[device.pk])

    def wrong(self, device: LoginDevice) -> str:
        """As if another passkey had signed."""
        passkey = cast("Passkey", device)
        credential_id, handle = bytes(passkey.credential_id), bytes(passkey.user_handle)
        return self._signed(Authenticator(credential_id=credential_id, handle=handle))

    def _signed(self, authenticator: Authenticator) -> str:
        asked = new_challenge()
        answer = ceremony.answer_of(authenticator.sign({"challenge": asked}), asked)
        self.signers[answer] = authenticator
        return answer

    def send(self, client: Client, address: str, answer: str, **fields: str) -> Any:
        """The same authenticator signs what the page asks; where it asks nothing, the answer."""
        page = client.get(address)
        sent = json.loads(answer)["sent"]
        if page.status_code == 200 and b"data-passkey-get" in page.content:
            sent = self.signers[answer].sign(question_on(page)["publicKey"])
        return super().send(client, address, sent, **fields)

    def secrets(self, device: LoginDevice) -> list[str]:
        """The key of either half, and what authenticators know the client by."""
        passkey = cast("Passkey", device)
        private = self.authenticators[device.pk].key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        parts = (private, bytes(passkey.public_key), bytes(passkey.user_handle))
        return [form for part in parts for form in binary_forms(part)]
