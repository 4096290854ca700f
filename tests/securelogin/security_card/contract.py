"""The Online Security Code Card, described for the shared suite."""

from __future__ import annotations

from typing import cast

from accounts.models import User
from securelogin.models import LoginDevice
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.contract import TypeContract, binary_forms


class Contract(TypeContract):
    """Each pair serves once."""

    single_use = True

    def device(self, user: User) -> LoginDevice:
        """Activated now."""
        row, self.answers = factories.make_card(user)
        row.refresh_from_db()
        return row

    def answer(self, device: LoginDevice) -> str:
        """The answer to the open pair."""
        card = cast("SecurityCard", device)
        card.refresh_from_db(fields=["answered"])
        return self.answers[card.answered]

    def secrets(self, device: LoginDevice) -> list[str]:
        """The answers, the order of the pairs, every salt and digest."""
        card = cast("SecurityCard", device)
        packed = bytes(card.answers)
        records = [packed[at : at + 16] for at in range(0, len(packed), 16)]
        # 000000 is part of the telephone number on every page.
        answers = [answer for answer in self.answers if answer != "000000"]
        return [*answers, *binary_forms(card.order), *(r.hex() for r in records)]
