"""Where cards are many, a serial is drawn twice some day; the client does not notice."""

from __future__ import annotations

import pytest

from accounts.models import User
from securelogin.security_card import card as rules
from tests import factories


@pytest.mark.django_db
def test_a_serial_that_is_taken_is_drawn_again(
    jane: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = factories.make_card(jane)[0].serial
    free = "OSC-3333-3333"
    drawn = iter([taken, taken, free])
    monkeypatch.setattr(rules, "new_serial", lambda _source: next(drawn))
    assert factories.make_card(mallory)[0].serial == free
