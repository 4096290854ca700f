"""What comes out of the printer: the card, at its true size, on one sheet of either paper."""

from __future__ import annotations

import io
from typing import Any

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from accounts.models import User
from tests.browser import pages

POINTS_PER_MM = 72 / 25.4
WIDE_PICTURE = (2112, 3000)


def printed(page: Page, paper: str) -> PdfReader:
    """The sheets that the browser's print command makes."""
    return PdfReader(io.BytesIO(page.pdf(format=paper, print_background=False)))


def boxes(reader: PdfReader) -> list[tuple[tuple[int, int], float, float]]:
    """Of each picture on the first sheet: size in pixels, width and height in mm on paper."""
    sheet = reader.pages[0]
    pixels = {f"/{image.name.rpartition('.')[0]}": image.image.size for image in sheet.images}  # type: ignore[union-attr]
    found = []

    def painted(operator: bytes, operands: Any, matrix: list[float], _text: Any) -> None:
        if operator == b"Do" and operands[0] in pixels:
            width, height = (abs(side) / POINTS_PER_MM for side in (matrix[0], matrix[3]))
            found.append((pixels[operands[0]], width, height))

    sheet.extract_text(visitor_operand_before=painted)
    return found


@pytest.mark.usefixtures("real_drawing")
def test_the_card_page_prints_the_card_alone(page: Page, jane: User, code: str) -> None:
    pages.card_ready(page, jane, code)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.reload(wait_until="networkidle")
        for paper in ("A4", "Letter"):
            reader = printed(page, paper)
            assert len(reader.pages) == 1, (width, paper)
            assert reader.pages[0].extract_text().strip() == "", (width, paper)
            [(size, wide, high)] = boxes(reader)
            assert size == WIDE_PICTURE, (width, paper)
            assert (wide, high) == pytest.approx((176, 250), abs=1), (width, paper)


def test_other_pages_print_what_they_say_without_their_controls(
    page: Page, jane: User, code: str
) -> None:
    pages.activation_ready(page, jane, code)
    sheet = printed(page, "A4")
    text = sheet.pages[0].extract_text()
    assert len(sheet.pages) == 1
    for words in ("Activate your card", "First index number", "Card Values"):
        assert words in text
    for words in ("Log out", "User Settings", "Continue", "Show me the card again"):
        assert words not in text


def test_the_text_page_prints_on_one_sheet(page: Page, jane: User, code: str) -> None:
    pages.card_ready(page, jane, code)
    page.goto(f"{page.url}text/")
    assert {paper: len(printed(page, paper).pages) for paper in ("A4", "Letter")} == {
        "A4": 1,
        "Letter": 1,
    }
