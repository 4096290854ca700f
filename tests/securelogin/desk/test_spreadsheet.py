"""CSV that cannot calculate: whatever is in a cell, a spreadsheet shows it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk.spreadsheet import defused, line

FORMULA = "=+-@＝＋－＠"
CONTROL = "\t\r\n"
# A spreadsheet may skip white space before a formula.
risky = st.one_of(
    st.builds("".join, st.tuples(st.sampled_from(CONTROL), st.text())),
    st.builds(
        "".join,
        st.tuples(st.text(" \u00a0\u3000", max_size=3), st.sampled_from(FORMULA), st.text()),
    ),
)
# A database holds no half characters and no zero bytes.
cells = st.lists(
    st.one_of(risky, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    min_size=1,
)


def read(text: str) -> list[list[str]]:
    """As a spreadsheet parses it."""
    return list(csv.reader(io.StringIO(text, newline="")))


@given(cells.filter(lambda row: all("\0" not in cell for cell in row)))
def test_no_cell_begins_a_formula_and_nothing_is_lost(row: list[str]) -> None:
    row = [cell.encode("utf-8", "replace").decode() for cell in row]
    [parsed] = read(line(row))
    assert len(parsed) == len(row)
    for cell, shown in zip(row, parsed, strict=True):
        assert not shown.startswith(tuple(CONTROL))
        assert not shown.lstrip().startswith(tuple(FORMULA))
        assert shown in {cell, f"'{cell}"}


@given(risky)
def test_what_begins_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert defused(cell) == f"'{cell}"
    assert defused(defused(cell)) == defused(cell)


@pytest.mark.parametrize("cell", ["", "88121", "jane.sample", "2026-07-24T14:05:00Z", "a=b", "'x"])
def test_the_rest_stays_as_it_is(cell: str) -> None:
    assert defused(cell) == cell


def test_a_cell_cannot_open_another_one() -> None:
    assert read(line(['x","=1+1', "y\r\n=2+2"])) == [['x","=1+1', "y\r\n=2+2"]]
