"""What a sheet accepts for printing, and what it never tells."""

from __future__ import annotations

from typing import Any

import pytest

from securelogin.security_card.card import CELLS, initials_of
from tests.securelogin.security_card.sheets import VALUES, a_sheet


@pytest.mark.parametrize(
    ("names", "printed"),
    [
        (("Jane", "Sample"), "J. S."),
        (("jane", ""), "J."),
        (("", ""), ""),
        (("Łucja", "Žižka"), "Ł. Ž."),
        (("ßample",), "S."),
        (("太郎", "見本"), ""),
        (("4ever", "Sample"), ""),
        (("Ana", "Maria", "Sofia", "Muster"), "A. M. S."),
    ],
)
def test_initials_are_printed_only_when_the_font_has_them(
    names: tuple[str, ...], printed: str
) -> None:
    assert initials_of(*names) == printed


@pytest.mark.parametrize(
    "changes",
    [
        {"values": VALUES[:-1]},
        {"values": (*VALUES, "000")},
        {"values": list(VALUES)},
        {"values": ("12", *VALUES[1:])},
        {"values": ("1234", *VALUES[1:])},
        {"values": ("12a", *VALUES[1:])},
        {"values": ("１２３", *VALUES[1:])},
        {"values": ("123\n", *VALUES[1:])},
        {"values": (123, *VALUES[1:])},
        {"serial": "OSC-DF7J-N96A"},
        {"serial": "osc-df7j-n967"},
        {"brand": ""},
        {"brand": "B" * 37},
        {"brand": "two\nlines"},
        {"issued_on": ""},
        {"phone": " "},
        {"lifetime_days": 0},
        {"lifetime_days": 366},
        {"lifetime_days": True},
        {"language": "en us"},
    ],
)
def test_a_sheet_refuses_what_cannot_be_printed(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must") as refused:
        a_sheet(**changes)
    (name,) = changes
    assert str(refused.value).startswith((name, "Each value"))
    assert VALUES[0] not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"brand": "B" * 36},
        {"initials": ""},
        {"ends_at": ""},
        {"lifetime_days": 1},
        {"lifetime_days": 365},
        {"language": "gsw-CH"},
    ],
)
def test_a_sheet_takes_what_just_fits(changes: dict[str, Any]) -> None:
    ((name, value),) = changes.items()
    assert getattr(a_sheet(**changes), name) == value


def test_a_sheet_never_shows_its_values() -> None:
    sheet = a_sheet(values=("739",) * CELLS)
    assert "739" not in repr(sheet)
    assert "739" not in str(sheet)
