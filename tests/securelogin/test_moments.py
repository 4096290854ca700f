"""Moments in words: one moment, one text; two moments, two texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from securelogin import moments

ZONES = ["UTC", "Europe/Zurich", "America/New_York", "America/St_Johns", "Australia/Lord_Howe"]
BACK_IN_ZURICH = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
FIVE_YEARS = 5 * 365 * 24 * 60
minutes = st.integers(0, FIVE_YEARS).map(
    lambda count: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=count)
)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Zurich", "14 August 2025, 23:59 (Zurich time)"),
        ("America/New_York", "14 August 2025, 17:59 (New York time)"),
        ("America/Argentina/Buenos_Aires", "14 August 2025, 18:59 (Buenos Aires time)"),
        ("UTC", "14 August 2025, 21:59 (UTC)"),
        ("Pacific/Auckland", "15 August 2025, 09:59 (Auckland time)"),
    ],
)
def test_it_names_the_zone(zone: str, text: str) -> None:
    assert moments.describe(datetime(2025, 8, 14, 21, 59, tzinfo=UTC), zone) == text


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (BACK_IN_ZURICH, "Europe/Zurich", "26 October 2025, 02:30 (Zurich time, UTC+02)"),
        (
            BACK_IN_ZURICH + timedelta(hours=1),
            "Europe/Zurich",
            "26 October 2025, 02:30 (Zurich time, UTC+01)",
        ),
        (
            datetime(2025, 11, 2, 6, 0, tzinfo=UTC),
            "America/New_York",
            "2 November 2025, 01:00 (New York time, UTC-05)",
        ),
        (
            datetime(2025, 4, 5, 15, 15, tzinfo=UTC),
            "Australia/Lord_Howe",
            "6 April 2025, 01:45 (Lord Howe time, UTC+10:30)",
        ),
    ],
)
def test_it_adds_the_offset_in_the_repeated_hour(moment: datetime, zone: str, text: str) -> None:
    assert moments.describe(moment, zone) == text


@pytest.mark.parametrize("before", [timedelta(minutes=31), timedelta(minutes=-90)])
def test_it_adds_no_offset_around_the_repeated_hour(before: timedelta) -> None:
    assert "UTC" not in moments.describe(BACK_IN_ZURICH - before, "Europe/Zurich")


@pytest.mark.parametrize("zone", ZONES)
@given(moment=minutes, apart=st.integers(1, 180))
@example(moment=BACK_IN_ZURICH, apart=60)
@example(moment=datetime(2025, 11, 2, 5, 0, tzinfo=UTC), apart=60)
@example(moment=datetime(2025, 4, 5, 14, 45, tzinfo=UTC), apart=30)
def test_two_minutes_never_have_the_same_words(zone: str, moment: datetime, apart: int) -> None:
    later = moment + timedelta(minutes=apart)
    assert moments.describe(moment, zone) != moments.describe(later, zone)


@pytest.mark.parametrize("zone", ZONES)
@given(moment=minutes, asked_in=st.sampled_from(ZONES))
def test_the_zone_in_which_a_moment_comes_does_not_matter(
    zone: str, moment: datetime, asked_in: str
) -> None:
    elsewhere = moment.astimezone(ZoneInfo(asked_in))
    assert moments.describe(elsewhere, zone) == moments.describe(moment, zone)


@pytest.mark.parametrize("zone", ZONES)
@given(moment=minutes)
def test_the_day_is_the_day_of_the_full_words(zone: str, moment: datetime) -> None:
    full = moments.describe(moment, zone)
    assert full.startswith(f"{moments.day(moment, zone)}, ")
    number, month, year = moments.day(moment, zone).split()
    assert moments.short_day(moment, zone) == f"{number} {month[:3]} {year}"


@pytest.mark.parametrize(
    ("moment", "desk", "client", "text"),
    [
        (
            datetime(2025, 8, 14, 21, 59, tzinfo=UTC),
            "Europe/Zurich",
            "Europe/Zurich",
            "14 August 2025, 23:59 (Zurich time)",
        ),
        (
            datetime(2025, 8, 14, 21, 59, tzinfo=UTC),
            "Europe/Zurich",
            "Europe/London",
            "14 August 2025, 23:59 (Zurich time), for the client 22:59 (London time)",
        ),
        (
            datetime(2025, 8, 14, 22, 30, tzinfo=UTC),
            "Europe/Zurich",
            "Europe/London",
            "15 August 2025, 00:30 (Zurich time), for the client 14 August 2025, 23:30 "
            "(London time)",
        ),
    ],
)
def test_the_desk_says_it_in_both_zones(
    moment: datetime, desk: str, client: str, text: str
) -> None:
    assert moments.describe_both(moment, desk, client) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Zurich", "15 Aug 2025, 00:30 UTC+02"),
        ("Asia/Kolkata", "15 Aug 2025, 04:00 UTC+05:30"),
        ("UTC", "14 Aug 2025, 22:30 UTC+00"),
    ],
)
def test_on_paper_the_offset_is_named(zone: str, text: str) -> None:
    assert moments.on_paper(datetime(2025, 8, 14, 22, 30, tzinfo=UTC), zone) == text
