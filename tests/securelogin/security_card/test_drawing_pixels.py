"""The ink of every digit on the card, compared with what another program draws.

A font file can be embedded wrongly so that the text of the PDF is right and its ink is not: then
every test that reads the text passes on a card with wrong values. So the printed digits are
recognised here, by comparison with Pillow's drawing of the same font file.
"""

from __future__ import annotations

import io
import math
import re
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from securelogin.security_card.card import ROWS, Sheet
from securelogin.security_card.compiler import typeset
from securelogin.security_card.drawing import Layout
from securelogin.security_card.filling import PIXELS_PER_MM
from tests.securelogin.security_card.sheets import a_sheet, drawn_png, uniform

STATIC = Path(settings.BASE_DIR) / "static"
FONT = STATIC / "fonts" / "atkinson-hyperlegible-mono-latin-700.woff2"
MM_PER_POINT = 25.4 / 72
ADVANCE, DIGIT_HEIGHT = 0.632, 0.668  # of the font size
# What is compared: one digit with this much around it above and below.
MARGIN = 0.35
SMALL = (12, 18)
Outline = tuple[list[Any], int]


class Grid(NamedTuple):
    """Where the values stand, in mm and points, as the card's specification has it."""

    columns: tuple[tuple[float, float], ...]  # left edge of the column, top of its first row
    row: float
    value: float  # from the left edge of the column
    points: float


GRIDS = {
    Layout.WIDE: Grid(
        tuple((left, 41.667) for left in (6, 26, 46, 66, 90, 110, 130, 150)), 5.9525, 9.4, 13
    ),
    Layout.TALL: Grid(
        tuple((left, top) for top in (78.967, 235.967) for left in (3, 24, 45, 66)),
        5.25, 10.0, 13.5,
    ),
}  # fmt: skip


def _features(image: Image.Image, box: tuple[float, float, float, float]) -> list[float]:
    """The box in few pixels, as a vector of length 1 around 0."""
    few = image.resize(SMALL, Image.Resampling.BOX, box=box).tobytes()
    mean = sum(few) / len(few)
    length = math.sqrt(sum((level - mean) ** 2 for level in few)) or 1
    return [(level - mean) / length for level in few]


@cache
def _alternatives(points: float) -> list[list[float]]:
    """The ten digits, drawn by FreeType at eight times the size on the card."""
    em = points * MM_PER_POINT * PIXELS_PER_MM * 8
    font = ImageFont.truetype(FONT, em)
    margin = MARGIN * PIXELS_PER_MM * 8
    width, height = ADVANCE * em, DIGIT_HEIGHT * em + 2 * margin
    drawn = []
    for digit in "0123456789":
        image = Image.new("L", (math.ceil(width), math.ceil(height)), 255)
        pen = ImageDraw.Draw(image)
        pen.text((0, margin + DIGIT_HEIGHT * em), digit, font=font, fill=0, anchor="ls")
        drawn.append(_features(image, (0, 0, width, height)))
    return drawn


def _recognised(image: Image.Image, grid: Grid, cell: int) -> tuple[str, float, float]:
    """Three digits read from the ink, the worst likeness, the smallest lead over another digit."""
    left, top = grid.columns[cell // ROWS]
    em = grid.points * MM_PER_POINT
    middle = top + (cell % ROWS + 0.5) * grid.row + 0.14
    upper, lower = middle - DIGIT_HEIGHT * em / 2 - MARGIN, middle + DIGIT_HEIGHT * em / 2 + MARGIN
    digits, worst, lead = "", 1.0, 1.0
    for place in range(3):
        start = left + grid.value + place * ADVANCE * em
        box = (start, upper, start + ADVANCE * em, lower)
        found = _features(image, tuple(edge * PIXELS_PER_MM for edge in box))  # type: ignore[arg-type]
        likeness = [
            sum(a * b for a, b in zip(found, other, strict=True))
            for other in _alternatives(grid.points)
        ]
        first, second = sorted(likeness, reverse=True)[:2]
        digits += str(likeness.index(first))
        worst, lead = min(worst, first), min(lead, first - second)
    return digits, worst, lead


@pytest.mark.parametrize(
    ("layout", "sheet"),
    [
        (Layout.WIDE, a_sheet()),
        (Layout.TALL, a_sheet()),
        (Layout.WIDE, uniform("000")),
        (Layout.WIDE, uniform("111")),
        (Layout.WIDE, uniform("888")),
    ],
)
def test_every_digit_has_the_right_ink_in_the_right_place(layout: Layout, sheet: Sheet) -> None:
    image = Image.open(io.BytesIO(drawn_png(sheet, layout))).convert("L")
    read = [_recognised(image, GRIDS[layout], cell) for cell in range(len(sheet.values))]
    assert tuple(digits for digits, _, _ in read) == sheet.values
    assert min(worst for _, worst, _ in read) > 0.94
    assert min(lead for _, _, lead in read) > 0.08


def test_no_two_font_files_share_a_family_and_weight() -> None:
    # Two files under one name print wrong characters without any error.
    css = (STATIC / "css" / "card_sheet.css").read_text()
    faces = Counter(
        tuple(re.findall(r"font-(?:family|weight|style): ([^;]+);", rule))
        for rule in re.findall(r"@font-face \{(.*?)\}", css, re.DOTALL)
    )
    assert len(faces) == 2
    assert set(faces.values()) == {1}
    assert re.findall(r"url\(\"(.*?)\"\)", css) == [*typeset.FONTS]


@pytest.mark.parametrize("address", typeset.FONTS)
def test_both_subsets_in_one_file_keep_every_outline(address: str) -> None:
    merged = _outlines(io.BytesIO(typeset.font(address)))
    known: dict[int, Outline] = {}
    for name in typeset.FONTS[address]:
        known = _outlines(STATIC / name) | known
    assert merged == known
    assert len(known) > 300


@pytest.mark.parametrize("address", typeset.FONTS)
def test_a_font_has_the_same_bytes_on_another_day(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = typeset.font(address)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert typeset.font.__wrapped__(address) == today


def _outlines(file: Path | io.BytesIO) -> dict[int, Outline]:
    """Of each character: how it is drawn, and its width."""
    font = TTFont(file)
    glyphs = font.getGlyphSet()
    found: dict[int, Outline] = {}
    for code, name in font.getBestCmap().items():
        pen = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(pen)
        found[code] = (pen.value, glyphs[name].width)
    return found
