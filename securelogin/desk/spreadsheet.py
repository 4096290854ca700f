"""CSV that a spreadsheet opens as what it is: text. Pure.

With a byte order mark, because without one a spreadsheet reads UTF-8 as the letters of its own
system and breaks every accent; programs skip it when told ``utf-8-sig``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"
# Also as full-width letters, which some spreadsheets take for the same.
_FORMULA = tuple("=+-@＝＋－＠")
_CONTROL = ("\t", "\r", "\n")


def defused(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would calculate.

    SECURITY: a user name, a ticket or a note may be ``=HYPERLINK(...)``, and runs on the
    machine of whoever opens the file (OWASP, CSV injection).
    """
    if cell.startswith(_CONTROL) or cell.lstrip().startswith(_FORMULA):
        return f"'{cell}"
    return cell


def line(cells: Iterable[str]) -> str:
    """One line with its end, every cell quoted and defused."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    return str(writer.writerow([defused(cell) for cell in cells]))


class _Echo:
    """A file that gives back what is written: `csv` hands it on."""

    def write(self, text: str) -> str:
        """The line."""
        return text
