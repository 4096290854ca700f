"""A filled card is what WeasyPrint and PDFium draw: object by object, pixel by pixel."""

from __future__ import annotations

import io
import random
import zlib
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from securelogin.security_card import drawing
from securelogin.security_card.card import CELLS, Sheet
from securelogin.security_card.compiler import typeset
from securelogin.security_card.compiler.pages import objects
from securelogin.security_card.compiler.slots import SHAPES
from securelogin.security_card.compiler.slots import a_sheet as random_sheet
from securelogin.security_card.drawing import Layout
from tests.securelogin.security_card.sheets import VALUES, a_sheet, drawn_pdf, drawn_png, uniform

FIXED_END = {"initials": "Ŵ. Q.", "ends_at": "4 Aug 2025, 23:59 UTC+05:45"}
EXTREMES = [
    a_sheet(),
    uniform("000"),
    uniform("111"),
    uniform("888"),
    uniform("999"),
    a_sheet(values=tuple(f"{cell:03}" for cell in range(CELLS))),
    a_sheet(initials="", issued_on="1 May 2026"),
    a_sheet(**FIXED_END),
    a_sheet(initials="", ends_at="14 Aug 2025, 23:59 UTC-03"),
]


def _random(number: int) -> Sheet:
    rng = random.Random(f"card {number}")
    return random_sheet(drawing.in_service(), SHAPES[number % len(SHAPES)], rng)


SHEETS = [*EXTREMES, *map(_random, range(4))]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_pdf_is_weasyprints_own(sheet: Sheet) -> None:
    filled, own = drawn_pdf(sheet), typeset.pdf(sheet, Layout.WIDE)
    # Every object in its uncompressed form, the page with all its operators among them.
    assert objects(filled) == objects(own)
    assert max(map(len, objects(own).values())) > 100_000
    # What `objects` leaves out lists the places in the file: a strict reader finds all by them.
    reader = PdfReader(io.BytesIO(filled), strict=True)
    theirs = PdfReader(io.BytesIO(own), strict=True)
    size: Any = theirs.trailer["/Size"]
    assert reader.trailer["/Size"] == size
    for number in range(1, size):
        assert type(reader.get_object(number)) is type(theirs.get_object(number))


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("sheet", SHEETS[::3])
def test_the_picture_is_pdfiums_own(sheet: Sheet, layout: Layout) -> None:
    filled = Image.open(io.BytesIO(drawn_png(sheet, layout)))
    own = typeset.picture(typeset.pdf(sheet, layout), layout, specimen=False)
    assert filled.size == own.size
    assert filled.tobytes() == own.tobytes()
    assert filled.getpalette() == own.getpalette()


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("sheet", SHEETS[-3:])
def test_the_pictures_check_sums_are_right(sheet: Sheet, layout: Layout) -> None:
    picture = drawn_png(sheet, layout)
    Image.open(io.BytesIO(picture)).verify()
    start = picture.index(b"IDAT") + 4
    length = int.from_bytes(picture[start - 8 : start - 4], "big")
    unpacker = zlib.decompressobj()
    pixels = unpacker.decompress(picture[start : start + length])
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")
    width, height = typeset.size(layout)
    assert len(pixels) == (width + 1) * height


def test_the_length_says_nothing() -> None:
    assert len({len(drawn_pdf(sheet)) for sheet in EXTREMES[:6]}) == 1
    short, long = a_sheet(initials="J.", issued_on="1 May 2026"), a_sheet(initials="J. K. Ł.")
    assert len(drawing.pdf(short)) == len(drawing.pdf(long)) == len(drawn_pdf(a_sheet()))


def test_eight_threads_fill_what_one_does() -> None:
    sheets = [*map(_random, range(8))]
    expected = [(drawing.pdf(sheet), drawing.png(sheet, Layout.TALL)) for sheet in sheets]

    def fill(number: int) -> bool:
        sheet = sheets[number % 8]
        return (drawing.pdf(sheet), drawing.png(sheet, Layout.TALL)) == expected[number % 8]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(fill, range(200)))


@pytest.mark.parametrize(
    "changes",
    [
        {"initials": "J. 太."},
        {"initials": "Ĉ. S."},
        {"initials": "JJ"},
        {"issued_on": "24 juin 2025"},
        {"issued_on": "24 Aôu 2025"},
        {"ends_at": "tomorrow"},
        {"values": VALUES[:-1]},
        {"values": (*VALUES, "000")},
        {"values": ("12", *VALUES[1:])},
        {"values": ("1234", *VALUES[1:])},
        {"values": ("１２３", *VALUES[1:])},
        {"values": (123, *VALUES[1:])},
        {"values": ("<1>", *VALUES[1:])},
    ],
)
def test_refused_when_it_cannot_stand_in_a_slot(changes: dict[str, Any]) -> None:
    """Beside what `Sheet` refuses: whatever comes here is looked at once more."""
    good = a_sheet()
    fields = {name: getattr(good, name) for name in Sheet.__dataclass_fields__}
    sheet: Any = SimpleNamespace(**fields | changes)
    for draw in (drawing.pdf, lambda one: drawing.png(one, Layout.WIDE)):
        with pytest.raises(ValueError, match=r"must|no room") as refused:
            draw(sheet)
        assert VALUES[0] not in str(refused.value)
