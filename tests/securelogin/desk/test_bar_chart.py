"""The geometry of the chart: every bar is inside, and as high as its number is great."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk.bar_chart import HEIGHT, WIDTH, Value, chart


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_bars_stay_inside_and_apart_and_tell_the_truth(numbers: list[int]) -> None:
    drawn = chart([Value(str(n), n) for n in numbers])
    assert [bar.value.number for bar in drawn.bars] == numbers
    for bar in drawn.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH
        assert bar.above >= 11
        assert bar.y + bar.height == drawn.base <= HEIGHT
        assert bool(bar.height) == bool(bar.value.number)
    for left, right in pairwise(drawn.bars):
        assert left.x + left.width <= right.x
    by_number = sorted(drawn.bars, key=lambda bar: bar.value.number)
    assert [bar.height for bar in by_number] == sorted(bar.height for bar in drawn.bars)


def test_the_greatest_number_takes_all_the_room() -> None:
    drawn = chart([Value("a", 1), Value("b", 4)])
    assert drawn.greatest == 4
    assert drawn.bars[1].height == 4 * drawn.bars[0].height
    assert drawn.bars[1].y == 24


def test_nothing_at_all_is_no_error() -> None:
    assert chart([]).greatest == 0
    assert [bar.height for bar in chart([Value("a", 0)]).bars] == [0]


def test_every_fifth_day_and_the_latest_have_a_label() -> None:
    labelled = [
        bar.value.label
        for bar in chart([Value(str(n), n) for n in range(30)]).bars
        if bar.shows_label
    ]
    assert labelled == ["4", "9", "14", "19", "24", "29"]
