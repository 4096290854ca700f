"""Drawing a card, against the bare work of the libraries that draw it."""

from __future__ import annotations

import hashlib
import zlib

from weasyprint import HTML

from securelogin.security_card import drawing
from securelogin.security_card.card import CELLS
from securelogin.security_card.drawing import Layout
from tests.benchmarks.harness import Row, cpu_ratio, milliseconds, rounds
from tests.securelogin.security_card.sheets import VALUES, a_sheet

ROUNDS = 5
REPEATS = 100


def _bare_cells() -> None:
    """The same 448 cells, tagged, without any style of the card's."""
    cells = (f"<tr><th>{index}<td>{value}" for index, value in enumerate(VALUES, start=1))
    table = f"<html lang=en><title>-</title><table>{''.join(cells)}</table>"
    HTML(string=table).write_pdf(pdf_variant="pdf/ua-1")


def run() -> list[Row]:
    """CPU of the PDF, of both pictures, and of asking again."""
    sheet = a_sheet()
    document = drawing.pdf(sheet)
    tall = drawing._to_pdf(drawing._html(sheet, Layout.TALL))
    grey = drawing._pixels(document, drawing._AREAS[Layout.WIDE]).convert("L").tobytes()
    spelled = repr(sheet.values).encode()

    def pack() -> None:
        zlib.compress(grey, 6)

    def ask_again() -> None:
        for _ in range(REPEATS):
            drawing.pdf(sheet)

    def digest() -> None:
        for _ in range(REPEATS):
            hashlib.sha256(spelled).digest()

    typeset = rounds(ROUNDS, _bare_cells, lambda: drawing._typeset(sheet, Layout.WIDE))
    wide = rounds(ROUNDS, pack, lambda: drawing._rasterise(document, Layout.WIDE))
    phone = rounds(ROUNDS, pack, lambda: drawing._rasterise(tall, Layout.TALL))
    again = rounds(ROUNDS, digest, ask_again)
    packed = "zlib of the wide picture's pixels"
    drawing.forget(sheet)
    return [
        Row(
            "draw a card as PDF",
            cpu_ratio(typeset),
            f"WeasyPrint with {2 * CELLS} bare cells",
            2.0,
            f"{milliseconds(typeset)}, {len(document) // 1000} kB",
        ),
        Row("PDF to the wide picture", cpu_ratio(wide), packed, 5.0, milliseconds(wide)),
        Row("PDF to the tall picture", cpu_ratio(phone), packed, 5.0, milliseconds(phone)),
        Row("ask for a drawn card again", cpu_ratio(again), "SHA-256 of its values", 20.0),
    ]
