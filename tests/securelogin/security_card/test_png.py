"""The pictures: size, colours, and what their file says besides the picture."""

from __future__ import annotations

import io
import struct
from itertools import pairwise

import pytest
from PIL import Image

from securelogin.security_card.card import Sheet
from securelogin.security_card.compiler import typeset
from securelogin.security_card.drawing import TITLE, Layout
from tests.securelogin.security_card.sheets import a_sheet, drawn_png

SIZES = {Layout.WIDE: (2112, 3000), Layout.TALL: (1080, 5760)}
INK, INDEX, HEAD = (0x17, 0x20, 0x2B), (0x3D, 0x49, 0x57), (0x12, 0x3A, 0x5E)
ZEBRA, WHITE, RED = (0xEE, 0xF2, 0xF6), (0xFF, 0xFF, 0xFF), (0xB3, 0x26, 0x1E)

both = pytest.mark.parametrize("layout", list(Layout))


def _chunks(data: bytes) -> list[tuple[str, bytes]]:
    """The parts of a PNG file: type and content."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    found, place = [], 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind = data[place + 4 : place + 8].decode()
        found.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def _colours(sheet: Sheet, layout: Layout) -> Image.Image:
    if sheet.specimen:
        # Compiled for test systems only; that both are one picture is tested elsewhere.
        return typeset.picture(typeset.pdf(sheet, layout), layout, specimen=True).convert("RGB")
    return Image.open(io.BytesIO(drawn_png(sheet, layout))).convert("RGB")


def _contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """WCAG 2.2 contrast ratio."""

    def light(colour: tuple[int, int, int]) -> float:
        parts = [level / 255 for level in colour]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@both
def test_its_file_holds_the_picture_and_a_generic_title_only(layout: Layout) -> None:
    chunks = _chunks(drawn_png(a_sheet(), layout))
    kinds = [kind for kind, _ in chunks]
    assert set(kinds) == {"IHDR", "PLTE", "pHYs", "tEXt", "IDAT", "IEND"}
    assert all(kinds.count(kind) == 1 for kind in ("IHDR", "PLTE", "pHYs", "tEXt", "IEND"))
    content = dict(chunks)
    assert content["tEXt"] == b"Title\0" + TITLE.encode()
    # 12 pixels per mm, so that a printed picture has the card's true size.
    assert struct.unpack(">IIB", content["pHYs"]) == (12000, 12000, 1)


@both
def test_it_is_small_enough_and_of_the_right_size(layout: Layout) -> None:
    data = drawn_png(a_sheet(), layout)
    assert len(data) < 1_000_000
    image = Image.open(io.BytesIO(data))
    assert (image.size, image.mode) == (SIZES[layout], "P")


def test_index_and_value_have_the_contrast_they_need() -> None:
    image = _colours(a_sheet(), Layout.WIDE)
    # The second row of the first column: on the zebra's darker ground.
    row = image.crop((6 * 12, 576, 26 * 12, 640))
    found = {colour for _, colour in row.getcolors(100_000) or []}
    assert {INK, INDEX, ZEBRA} <= found
    assert WHITE not in found
    assert _contrast(INK, ZEBRA) > 14
    assert _contrast(INDEX, ZEBRA) > 8
    assert _contrast(WHITE, HEAD) > 11
    assert image.getpixel((100, 430)) == HEAD


def test_the_folds_run_along_rules_and_miss_the_digits() -> None:
    image = _colours(a_sheet(), Layout.WIDE)
    # Thirds and the middle: a rule of ink across the columns, 0.28 mm wide.
    for fold in (1001, 1501, 2001):
        assert [image.getpixel((x, fold)) for x in (80, 700, 1100, 2000)] == [INK] * 4
        assert INK not in {image.getpixel((x, fold - 6)) for x in range(72, 2040)}
    # Upright: nothing but the dashes between columns 4 and 5.
    gap = image.crop((87 * 12 - 6, 500, 88 * 12 - 6, 2500))
    assert gap.getcolors() == [(gap.width * gap.height, WHITE)]


@both
def test_nothing_is_clipped_at_the_edge(layout: Layout) -> None:
    image = _colours(a_sheet(), layout)
    width, height = image.size
    inside = image.crop((4, 25, width - 4, height - 4))
    for side in ((0, 0, 24, 900), (inside.width - 24, 0, inside.width, 900)):
        strip = inside.crop(side)
        assert strip.getcolors() == [(strip.width * strip.height, WHITE)]
    assert len({image.getpixel(corner) for corner in ((0, 900), (width - 1, 900))}) == 1


def test_a_specimen_has_a_red_frame_and_the_same_digits() -> None:
    real, specimen = (_colours(a_sheet(specimen=mark), Layout.WIDE) for mark in (False, True))
    width, height = specimen.size
    for place in ((2, 1600), (width - 3, 1600), (900, height - 3), (500, 30)):
        assert specimen.getpixel(place) == RED
        assert real.getpixel(place) != RED
    grid = (400, 510, 600, 2490)
    pairs = zip(real.crop(grid).tobytes(), specimen.crop(grid).tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) <= 4


def test_no_colour_of_the_palette_is_red_on_a_real_card() -> None:
    palette = Image.open(io.BytesIO(drawn_png(a_sheet(), Layout.WIDE))).getpalette() or []
    colours = [tuple(palette[start : start + 3]) for start in range(0, 768, 3)]
    assert all(red <= blue for red, _, blue in colours)
    assert all(sum(dark) <= sum(light) for dark, light in pairwise(colours))
