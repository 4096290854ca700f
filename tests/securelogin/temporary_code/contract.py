"""The Temporary Code, described for the shared suite."""

from __future__ import annotations

from typing import cast

from accounts.models import User
from securelogin.models import LoginDevice
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.contract import TypeContract, binary_forms


class Contract(TypeContract):
    """Usable many times within its life."""

    single_use = False

    def device(self, user: User) -> LoginDevice:
        """Issued now."""
        code, self.digits = factories.make_code(user)
        return code

    def answer(self, device: LoginDevice) -> str:
        """Always the same digits."""
        return self.digits

    def secrets(self, device: LoginDevice) -> list[str]:
        """The digits however they are grouped, salt and digest."""
        code = cast("TemporaryCode", device)
        first, second, third = self.digits[:3], self.digits[3:6], self.digits[6:]
        grouped = [mark.join((first, second, third)) for mark in ("", " ", "-", "\u00a0")]
        return [*grouped, *binary_forms(code.salt), *binary_forms(code.digest)]
