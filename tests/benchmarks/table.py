"""The one table of ``make bench``, for a terminal of 120 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from tests.benchmarks.harness import Row

COLUMNS = 120
_HEAD = ("what", "floor", "ratio", "goal", "beyond", "met")
_WIDTHS = (44, 32, 8, 9, 9, 6)


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """A heading; then a line for each row, and its figures below it."""
    yield _line(_HEAD)
    yield _line("-" * width for width in _WIDTHS)
    for row in rows:
        yield _line(
            (row.name, row.floor, _number(row.ratio), _goal(row, row.limit),
             _goal(row, row.beyond), row.met)
        )  # fmt: skip
        yield from wrap(row.note, COLUMNS, initial_indent="    ", subsequent_indent="    ")


def _line(cells: Iterable[str]) -> str:
    # Words to the left, numbers to the right; what is too long pushes the rest along.
    placed = (
        f"{cell:<{width}}" if place < 2 else f"{cell:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    )
    return "  ".join(placed).rstrip()


def _goal(row: Row, goal: float | None) -> str:
    if goal is None:
        return "-"
    return f"{'>=' if row.quicker else '<='} {_number(goal)}"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"
