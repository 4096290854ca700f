"""The card's picture and files: served again alike, well named, legible, saying nothing more."""

from __future__ import annotations

import hashlib
import io
import re
import urllib.request

import pytest
from PIL import Image
from playwright.sync_api import Page
from pypdf import PdfReader

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests.browser import pages
from tests.browser.conftest import NewPage
from tests.browser.inspection import sideways

DIGIT_HEIGHT = 0.668  # of the font size, in the card's font


def source(page: Page) -> str:
    """The address of the picture on screen."""
    page.wait_for_function("document.querySelector('picture img').naturalWidth > 0")
    return str(page.locator("picture img").evaluate("e => e.currentSrc"))


@pytest.mark.usefixtures("real_drawing")
def test_the_picture_is_the_same_for_each_get_of_the_session_and_for_nobody_else(
    page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    url = source(page)
    shown = page.request.get(url, headers={"Sec-Fetch-Dest": "image"})
    saved = page.request.get(url, headers={"Sec-Fetch-Dest": "empty"})
    assert shown.body().startswith(b"\x89PNG")
    assert hashlib.sha256(saved.body()).digest() == hashlib.sha256(shown.body()).digest()
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the served portal
        assert "/login/" in answer.url
        assert not answer.read().startswith(b"\x89PNG")


def test_a_saved_picture_gets_a_name_that_says_what_it_is_and_not_whose(
    page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    row = SecurityCard.objects.get()
    disposition = page.request.get(source(page)).headers["content-disposition"]
    assert disposition == f'inline; filename="online-security-code-card-{row.short_serial}.png"'
    assert re.fullmatch("[A-Z0-9]{4}", row.short_serial)


@pytest.mark.usefixtures("real_drawing")
def test_a_phone_gets_the_tall_picture_with_digits_that_can_be_read(
    new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(width=390, height=844)
    pages.card_ready(page, jane, code)
    url = source(page)
    assert url.endswith("layout=tall")
    assert sideways(page) == []
    box = page.locator("picture img").bounding_box()
    assert box is not None
    drawn = Image.open(io.BytesIO(page.request.get(url).body())).convert("L")
    height = _digit_height(drawn) * box["width"] / drawn.width
    assert height >= 14 * DIGIT_HEIGHT


def _digit_height(drawn: Image.Image) -> int:
    """The usual height of the bold digits in the first column, in pixels of the picture."""
    # Left of the middle of the first of four columns stands the index, right of it the value.
    column = drawn.crop((drawn.width // 8, drawn.height // 6, drawn.width // 4, drawn.height // 2))
    inked = [
        min(column.crop((0, y, column.width, y + 1)).tobytes()) < 60 for y in range(column.height)
    ]
    runs = re.findall("1+", "".join("1" if ink else "0" for ink in inked))
    return sorted(map(len, runs))[len(runs) // 2]


@pytest.mark.usefixtures("real_drawing")
def test_text_and_pdf_hold_the_same_224_values(page: Page, jane: User, code: str) -> None:
    pages.card_ready(page, jane, code)
    kept = pages.copy_of_card(page)
    assert sorted(kept.values) == list(range(1, 225))
    printed = _pdf_text(page)
    pairs = {int(index): value for index, value in re.findall(r"\b(\d{1,3}) (\d{3})\b", printed)}
    assert {index: pairs.get(index) for index in kept.values} == kept.values
    assert "Valid for 21 days after activation" in printed


@pytest.mark.usefixtures("real_drawing")
def test_nothing_on_the_card_says_whose_it_is(page: Page, jane: User, code: str) -> None:
    jane.phone = "+00 000 000 101"
    jane.save()
    pages.card_ready(page, jane, code)
    alt = page.locator("picture img").get_attribute("alt") or ""
    answers = [page.request.get(f"{page.url}{path}") for path in ("download.png", "card.pdf")]
    chunks = Image.open(io.BytesIO(answers[0].body())).info
    assert chunks.get("Title") == "Online Security Code Card"
    assert set(chunks) <= {"Title", "dpi"}
    names = " ".join(answer.headers["content-disposition"] for answer in answers)
    metadata = str(PdfReader(io.BytesIO(answers[1].body())).metadata)
    everything = f"{_pdf_text(page)} {chunks} {alt} {names} {metadata}".lower()
    spoken = f"{code[:3]} {code[3:6]} {code[6:]}"
    for secret in (jane.username, "jane", "sample", jane.email, jane.phone, code, spoken):
        assert secret.lower() not in everything


def _pdf_text(page: Page) -> str:
    return (
        PdfReader(io.BytesIO(page.request.get(f"{page.url}card.pdf").body()))
        .pages[0]
        .extract_text()
    )


def test_the_alternative_text_names_the_card_and_none_of_its_values(
    page: Page, jane: User, code: str
) -> None:
    kept = pages.card_ready(page, jane, code)
    alt = page.locator("picture img").get_attribute("alt") or ""
    assert SecurityCard.objects.get().short_serial in alt
    assert "224" in alt
    assert "text version" in alt
    # 224 is the number of values; it may be one of them as well.
    assert not (set(kept.values.values()) - {"224"}) & set(re.findall(r"\d{3}", alt))
