"""The card as text: rows of a table that no template draws."""

from __future__ import annotations

import pytest

from portal.template_library import value_rows


def test_each_value_has_its_row_and_is_read_digit_by_digit() -> None:
    rows = value_rows([(1, "007"), (224, "482")])
    assert rows == (
        '<tr><th scope="row">1</th>'
        '<td><span aria-hidden="true">007</span><span class="vh">0 0 7</span></td></tr>\n'
        '<tr><th scope="row">224</th>'
        '<td><span aria-hidden="true">482</span><span class="vh">4 8 2</span></td></tr>'
    )
    assert value_rows([]) == ""


@pytest.mark.parametrize("value", ["", "<b>", "1 2", "12&", "\u0661\u0662\u0663", "-12"])
def test_whatever_is_no_digit_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        value_rows([(1, "123"), (2, value)])
