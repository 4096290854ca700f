"""Filling a compiled card, against drawing it: a plain tagged render of the same template."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from securelogin.security_card import drawing
from securelogin.security_card.card import Sheet
from securelogin.security_card.compiler import typeset
from securelogin.security_card.drawing import Layout
from tests.benchmarks.harness import Row, Spent, rounds
from tests.securelogin.security_card.sheets import a_sheet

ROUNDS = 9
FILLS, SETS = 1000, 20
ROOT = Path(__file__).parents[2]

# What is compared is the way from the words of a card to its PDF: neither has Django, and neither
# makes the words.
_FILL = """
import sys
from securelogin.security_card.filling import PdfForms, unpack
class sheet:
    serial, initials, issued_on, ends_at = "OSC-DF7J-N967", "J. S.", "24 Jul 2025", ""
    values = [f"{cell:03}" for cell in range(224)]
open(sys.argv[2], "wb").write(PdfForms(unpack(sys.argv[1], 0)).fill(sheet))
"""
_DRAW = """
import sys
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
fonts = FontConfiguration()
style = CSS(filename=f"{sys.argv[1]}/card.css", font_config=fonts)
HTML(filename=f"{sys.argv[1]}/card.html").write_pdf(
    sys.argv[2], stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1")
"""


def _plain(sheet: Sheet, layout: Layout) -> bytes:
    """What WeasyPrint is asked for by whoever has not read its options."""
    return typeset.to_pdf(typeset.html(sheet, layout))


def _plain_set(sheet: Sheet) -> None:
    for layout in Layout:
        picture = typeset.picture(_plain(sheet, layout), layout, specimen=False)
        picture.save(io.BytesIO(), "PNG", compress_level=6)


def _process(program: str, source: Path, folder: Path) -> Callable[[], None]:
    arguments = [sys.executable, "-c", program, str(source), str(folder / "card.pdf")]

    def run() -> None:
        subprocess.run(arguments, check=True, cwd=ROOT)  # noqa: S603 - the programs above

    return run


def _of_children(run: Callable[[], None]) -> float:
    """CPU of the process that it starts."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    run()
    return spent() - before


def _cold(sheet: Sheet) -> Row:
    """From the start of a process to its first PDF."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        style = typeset._asset(typeset.STYLESHEET).decode()
        for number, address in enumerate(typeset.FONTS):
            (folder / f"{number}.ttf").write_bytes(typeset.font(address))
            style = style.replace(address, f"{number}.ttf")
        (folder / "card.css").write_text(style)
        (folder / "card.html").write_text(typeset.html(sheet, Layout.WIDE))
        draw = _process(_DRAW, folder, folder)
        fill = _process(_FILL, drawing.build(drawing.in_service()), folder)
        draw(), fill()
        pairs = [(_of_children(draw), _of_children(fill)) for _ in range(ROUNDS)]
    return _row("a process's first PDF", "a process with WeasyPrint", (30, 45), [
        (Spent(drawn, 0), Spent(filled, 0)) for drawn, filled in pairs
    ])  # fmt: skip


def _row(
    name: str, floor: str, goals: tuple[float, float], pairs: list[tuple[Spent, Spent]]
) -> Row:
    times = median(drawn.cpu / filled.cpu for drawn, filled in pairs)
    ours = median(filled.cpu for _, filled in pairs) * 1000
    theirs = median(drawn.cpu for drawn, _ in pairs) * 1000
    goal, beyond = goals
    note = f"{ours:.3f} ms CPU, floor {theirs:.0f} ms"
    return Row(name, times, floor, goal, note, quicker=True, beyond=beyond)


def _each(pairs: list[tuple[Spent, Spent]], repeats: int) -> list[tuple[Spent, Spent]]:
    return [(floor, work.each(repeats)) for floor, work in pairs]


def run() -> list[Row]:
    """How many times quicker: the PDF, the PDF with both pictures, a process's first PDF."""
    sheet = a_sheet()

    def fill() -> None:
        for _ in range(FILLS):
            drawing.pdf(sheet)

    def fill_set() -> None:
        for _ in range(SETS):
            drawing.pdf(sheet)
            for layout in Layout:
                drawing.png(sheet, layout)

    pdf = _each(rounds(ROUNDS, lambda: _plain(sheet, Layout.WIDE), fill), FILLS)
    whole = _each(rounds(ROUNDS, lambda: _plain_set(sheet), fill_set), SETS)
    return [
        _row("a card as PDF", "plain WeasyPrint", (2000, 5000), pdf),
        _row(
            "a card as PDF and two pictures", "plain WeasyPrint, PDFium, Pillow", (30, 250), whole
        ),
        _cold(sheet),
    ]
