"""The stopped clock, for tests of sessions and pauses; and somebody who has to prove again."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.accounts.inside import Inside
from tests.securelogin.clock import Clock, clock

__all__ = ["clock"]


@pytest.fixture
def inside(jane: User, clock: Clock) -> Inside:
    """Jane, logged in five minutes ago."""
    return Inside(jane, clock)
