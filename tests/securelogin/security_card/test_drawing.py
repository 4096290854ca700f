"""The PDF: its text, its structure for screen readers, its metadata, its fonts."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from securelogin.security_card import drawing
from securelogin.security_card.card import CELLS
from securelogin.security_card.compiler import typeset
from securelogin.security_card.drawing import Layout
from tests.securelogin.security_card.sheets import SERIAL, VALUES, a_sheet, drawn_pdf, uniform

MM = 72 / 25.4
A4, LETTER = (210, 297), (215.9, 279.4)


@pytest.fixture(scope="module")
def reader() -> PdfReader:
    return PdfReader(BytesIO(drawn_pdf(a_sheet())), strict=True)


def _elements(node: Any) -> Iterator[Any]:
    """The structure elements below a node of the tag tree, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        element = kid.get_object()
        if hasattr(element, "get") and "/S" in element:
            yield element
            yield from _elements(element)


def _cells(text: str) -> list[tuple[int, str]]:
    return [(int(a), b) for a, b in re.findall(r"^(\d{1,3}) (\d{3})\s*$", text, re.MULTILINE)]


def test_it_is_one_page_that_fits_a4_and_letter(reader: PdfReader) -> None:
    assert len(reader.pages) == 1
    box = reader.pages[0].mediabox
    width, height = float(box.width) / MM, float(box.height) / MM
    assert width == pytest.approx(210, abs=0.01)
    assert height == pytest.approx(279.4, abs=0.01)
    for paper in (A4, LETTER):
        assert width <= paper[0] + 0.01
        assert height <= paper[1] + 0.01


@pytest.mark.parametrize("sheet", [a_sheet(), uniform("000"), uniform("999")])
def test_its_text_runs_from_index_1_to_224_with_the_values(sheet: Any) -> None:
    text = PdfReader(BytesIO(drawn_pdf(sheet))).pages[0].extract_text()
    assert _cells(text) == list(enumerate(sheet.values, start=1))
    assert "SPECIMEN" not in text


def test_a_specimen_says_so() -> None:
    document = typeset.pdf(a_sheet(specimen=True), Layout.WIDE)
    text = PdfReader(BytesIO(document)).pages[0].extract_text()
    assert "SPECIMEN - NOT VALID" in text
    assert _cells(text) == list(enumerate(VALUES, start=1))


def test_its_text_says_what_the_card_is(reader: PdfReader) -> None:
    text = " ".join(reader.pages[0].extract_text().split())
    for sentence in (
        "Example Brokerage Online Security Code Card Temporary. For logging in only. "
        "Never tell a code to anyone, including our staff.",
        "For: J. S. Issued 24 Jul 2025 Valid for 21 days after activation Valid until:",
        "Zeros at the start count: 007 is three digits.",
        "Call Client Services: +00 000 000 000 The card stops working",
        "Fold on the dashed lines, print inside.",
    ):
        assert sentence in text
    assert text.count(SERIAL) == 2
    assert all(f"{a}–{a + 27}" in text for a in range(1, CELLS, 28))


def test_it_is_drawn_from_the_sheet_without_a_complaint(caplog: pytest.LogCaptureFixture) -> None:
    sheet = a_sheet(initials="", lifetime_days=14, brand="Żółw <b>& Sons")
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        document = typeset.pdf(sheet, Layout.WIDE)
    # Among them: a missing language, title or font.
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    text = PdfReader(BytesIO(document)).pages[0].extract_text()
    assert "Valid for 14 days after activation" in text
    assert "Żółw <b>& Sons" in text
    assert "For:" not in text


def test_its_structure_can_be_read_aloud(reader: PdfReader) -> None:
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1<" in root["/Metadata"].get_data() or (
        b'pdfuaid:part="1"' in root["/Metadata"].get_data()
    )
    elements = list(_elements(root["/StructTreeRoot"]))
    kinds = Counter(element["/S"] for element in elements)
    assert (kinds["/Table"], kinds["/Caption"]) == (8, 8)
    assert (kinds["/TR"], kinds["/TH"], kinds["/TD"]) == (CELLS, CELLS, CELLS)
    assert kinds["/H1"] == 1
    heads = [element["/ID"] for element in elements if element["/S"] == "/TH"]
    cells = [element for element in elements if element["/S"] == "/TD"]
    assert len(set(heads)) == CELLS
    # Each value is tied to its own index number.
    assert [list(cell["/A"]["/Headers"]) for cell in cells] == [[head] for head in heads]


def test_its_metadata_name_nobody(reader: PdfReader) -> None:
    assert reader.metadata is not None
    assert set(reader.metadata) <= {"/Title", "/Producer"}
    assert reader.metadata.title == drawing.TITLE
    root: Any = reader.trailer["/Root"]
    assert not {"/AcroForm", "/OpenAction", "/Names", "/AF"} & set(root)
    metadata = root["/Metadata"].get_data().decode()
    for private in (SERIAL, SERIAL[-4:], "J. S.", "2025", "Example Brokerage", *VALUES[:3]):
        assert private not in metadata


def test_its_fonts_are_its_own_and_large_enough(reader: PdfReader) -> None:
    page: Any = reader.pages[0]
    sizes: dict[str, set[float]] = {}

    def note(text: str, scale: Any, matrix: Any, _font: Any, size: float) -> None:
        points = round(size * float(scale[0]) * float(matrix[0]), 1)
        for word in text.split():
            sizes.setdefault(word, set()).add(points)

    page.extract_text(visitor_text=note)
    # Index numbers have at most three digits as well, so a value is told by its leading zero.
    assert {min(sizes[value]) for value in VALUES if value.startswith("00")} == {13.0}
    assert min(size for found in sizes.values() for size in found) >= 8.5
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].get_object().values()]
    assert sorted(font["/BaseFont"].split("+")[1] for font in fonts) == ["Card", "Card-Bold"]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
        assert "/ToUnicode" in font
