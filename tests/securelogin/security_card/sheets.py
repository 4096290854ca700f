"""Cards of an invented client, to draw in tests."""

from __future__ import annotations

from functools import cache
from typing import Any

from securelogin.security_card import drawing
from securelogin.security_card.card import CELLS, Sheet, derive_values
from securelogin.security_card.drawing import Layout

VALUES = derive_values(b"k" * 32, b"n" * 32)
SERIAL = "OSC-DF7J-N967"


def a_sheet(**changes: Any) -> Sheet:
    """A card of Jane Sample's; any field may be changed."""
    fields: dict[str, Any] = {
        "brand": "Example Brokerage",
        "serial": SERIAL,
        "initials": "J. S.",
        "issued_on": "24 Jul 2025",
        "lifetime_days": 21,
        "phone": "+00 000 000 000",
        "values": VALUES,
    }
    return Sheet(**fields | changes)


def uniform(value: str) -> Sheet:
    """A card whose 224 values are all the same."""
    return a_sheet(values=(value,) * CELLS)


@cache
def drawn_pdf(sheet: Sheet) -> bytes:
    """The PDF, filled once for all tests."""
    return drawing.pdf(sheet)


@cache
def drawn_png(sheet: Sheet, layout: Layout) -> bytes:
    """The picture, filled once for all tests."""
    return drawing.png(sheet, layout)
