"""The authenticator app, described for the shared suite."""

from __future__ import annotations

from typing import cast

from accounts.models import User
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.models import LoginDevice
from tests.securelogin.authenticator_app import apps
from tests.securelogin.contract import TypeContract, binary_forms


class Contract(TypeContract):
    """Each step serves once; the codes are another library's."""

    single_use = True

    def device(self, user: User) -> LoginDevice:
        """Added two minutes ago."""
        return apps.make_app(user)

    def answer(self, device: LoginDevice) -> str:
        """The code of now, or of the next step if that one has served."""
        return apps.unused_code(cast("AuthenticatorApp", device))

    def secrets(self, device: LoginDevice) -> list[str]:
        """The key however it is written, and as it is stored."""
        app = cast("AuthenticatorApp", device)
        text = apps.key_text(app)
        groups = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
        stored = bytes(app.sealed_key)
        return [text, groups, *binary_forms(app._key()), stored.decode(), stored.hex()]
