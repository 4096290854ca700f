"""A stopped clock, and the moment at which it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

Clock = time_machine.Traveller
SECOND = timedelta(seconds=1)
# 14:05 in Zurich. A code or a card made now lives across the end of summer time in Europe.
AUTUMN = datetime(2025, 10, 24, 12, 5, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stopped at AUTUMN; a test moves it."""
    with time_machine.travel(AUTUMN, tick=False) as clock:
        yield clock
