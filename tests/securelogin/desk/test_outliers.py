"""Who stands out: far above the others, and never for being busy alone with many others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk.outliers import LEAST, TIMES, outliers, stands_out


@pytest.mark.parametrize(
    ("count", "others", "expected"),
    [
        (4, [], False),
        (5, [], True),
        (5, [1], True),
        (4, [1], False),
        # More than three times the median: three times is not more.
        (6, [2], False),
        (7, [2], True),
        (6, [2, 2, 2], False),
        (9, [3, 3], False),
        (10, [3, 3], True),
        # One other outlier does not hide this one: it is the median, not the mean.
        (10, [1, 2, 90], True),
        (5, [1, 2], True),
        (5, [1, 3], False),
        (0, [], False),
    ],
)
def test_the_rule(count: int, others: list[int], expected: bool) -> None:
    assert stands_out(count, others) is expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, set()),
        ({"mo": {}}, set()),
        ({"mo": {"sam": 3, "sue": 2}}, set()),
        ({"mo": {"sam": 9, "sue": 2, "kim": 2}}, {("mo", "sam")}),
        # A tie: both issue much, so neither does by the other's measure.
        ({"mo": {"sam": 20, "sue": 20}}, set()),
        (
            {"mo": {"sam": 20, "sue": 20, "kim": 1, "lee": 1, "joe": 1}},
            {("mo", "sam"), ("mo", "sue")},
        ),
        # Whoever issued nothing that day is no measure.
        ({"mo": {"sam": 6, "sue": 2, "kim": 0, "lee": 0, "joe": 0}}, set()),
        # Alone on a day: measured by the other days, of everybody.
        ({"su": {"sam": 12}, "mo": {"sam": 2, "sue": 3}}, {("su", "sam")}),
        ({"su": {"sam": 6}, "mo": {"sam": 5}, "tu": {"sam": 6}}, set()),
        ({"su": {"sam": 40}, "mo": {"sam": 5}, "tu": {"sam": 6}}, {("su", "sam")}),
        # One agent, one day: nothing to measure by.
        ({"mo": {"sam": 5}}, {("mo", "sam")}),
        ({"mo": {"sam": 4}}, set()),
        ({"mo": {"sam": 0}}, set()),
    ],
)
def test_days_and_agents(counts: dict[str, dict[str, int]], expected: set[tuple[str, str]]) -> None:
    assert outliers(counts) == expected


desks = st.dictionaries(
    st.integers(1, 30),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60), max_size=6),
    max_size=8,
)


@given(desks)
def test_who_stands_out_is_above_most_of_the_others_that_day(
    counts: dict[int, dict[str, int]],
) -> None:
    for day, agent in outliers(counts):
        assert counts[day][agent] >= LEAST
        others = [n for name, n in counts[day].items() if name != agent and n]
        below = [n for n in others if n * TIMES < counts[day][agent]]
        assert len(below) * 2 >= len(others)


@given(desks, st.sampled_from("abcdef"))
def test_agents_with_nothing_change_nothing(counts: dict[int, dict[str, int]], idle: str) -> None:
    with_idle = {day: {f"{idle}2": 0, **agents} for day, agents in counts.items()}
    assert outliers(with_idle) == outliers(counts)
