"""The README's picture of the card page, made on demand: ``WRITE_README_IMAGE=1``.

The client is invented, and the card is marked as a specimen.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.browser import pages

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "card-page.png"
LARGEST = 300_000


@pytest.mark.skipif(not os.environ.get("WRITE_README_IMAGE"), reason="WRITE_README_IMAGE not set")
@pytest.mark.usefixtures("real_drawing")
def test_the_readme_shows_the_card_page(
    page: Page, jane: User, code: str, settings: Settings
) -> None:
    settings.SPECIMEN_CARDS = True
    page.set_viewport_size({"width": 1200, "height": 1140})
    pages.card_ready(page, jane, code)
    page.wait_for_load_state("networkidle")
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    shot.quantize(192, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    assert PICTURE.stat().st_size < LARGEST
