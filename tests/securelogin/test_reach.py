"""How far a client reaches with all devices together, as a table and as a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.access import Access, Reach, access_of, passive, reach
from securelogin.lifecycle import EndReason, Moments, status_at

NOW = datetime(2025, 10, 24, 12, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def code(full: int, card: int) -> Moments:
    """Issued now, with its two ends in days from now."""
    return Moments(NOW - DAY, limited_at=NOW + full * DAY, expires_at=NOW + card * DAY)


def card(days: int) -> Moments:
    """Active, with its end in days from now."""
    return Moments(NOW - DAY, expires_at=NOW + days * DAY)


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ([], Reach()),
        ([card(0)], Reach()),
        ([Moments(activate_by=NOW + DAY)], Reach()),
        ([Moments(NOW - DAY, ended_at=NOW, end_reason=EndReason.REPLACED)], Reach()),
        ([card(21)], Reach(Access.FULL, NOW + 21 * DAY)),
        ([Moments(NOW - DAY)], Reach(Access.FULL)),
        ([code(2, 12)], Reach(Access.FULL, NOW + 2 * DAY, NOW + 12 * DAY)),
        ([code(-1, 9)], Reach(Access.CARD_ONLY, NOW + 9 * DAY)),
        ([code(-1, 9), card(5)], Reach(Access.FULL, NOW + 5 * DAY, NOW + 9 * DAY)),
        ([code(2, 12), card(21)], Reach(Access.FULL, NOW + 21 * DAY)),
        ([code(2, 12), Moments(NOW - DAY)], Reach(Access.FULL)),
    ],
)
def test_the_farthest_device_counts(devices: list[Moments], expected: Reach) -> None:
    assert reach(devices, NOW) == expected


offsets = st.none() | st.integers(-5, 5).map(lambda days: NOW + days * DAY)
devices = st.builds(
    Moments, activated_at=offsets, activate_by=offsets, limited_at=offsets, expires_at=offsets
)


@given(st.lists(devices, max_size=4))
def test_it_is_as_much_as_the_best_device_allows_until_its_end(found: list[Moments]) -> None:
    told = reach(found, NOW)

    def best(moment: datetime) -> Access:
        allowed = (access_of(status_at(moment, device)) for device in found)
        return max(allowed, default=Access.NONE)

    assert told.access == best(NOW)
    if told.until:
        assert told.until > NOW
        assert best(told.until) < told.access
    if told.card_until:
        assert told.until
        assert best(told.until) is Access.CARD_ONLY


def test_a_passive_view_stays_as_it_was() -> None:
    def view() -> str:
        return "called"

    assert passive(view) is view
    assert view() == "called"
    assert view.is_passive  # type: ignore[attr-defined]
