"""Draws the card with WeasyPrint and PDFium: what the compiler reads slots and plates from.

No request comes here. Both libraries take most of a second and 80 MB for a card, and two threads
in PDFium end the process; so they run when the drawing is compiled, one card after the other.
One page of HTML serves everything, so that paper, picture and screen reader can never disagree.

The libraries are imported when the first card is drawn: the portal starts, and serves cards that
were compiled elsewhere, on a machine that has none of them.
"""

from __future__ import annotations

import ctypes
import io
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.views.decorators.debug import sensitive_variables

from securelogin.security_card.card import Layout, Sheet, column_ranges
from securelogin.security_card.filling import PIXELS_PER_MM, DrawingUnavailable

if TYPE_CHECKING:
    from PIL.Image import Image

TEMPLATE = "securelogin/security_card/sheet.html"
STYLESHEET = "css/card_sheet.css"
# The two subsets of each weight, under the address by which the style sheet asks for them.
FONTS = {
    f"cardfont:{weight}": tuple(
        f"fonts/atkinson-hyperlegible-mono-{subset}-{weight}.woff2"
        for subset in ("latin", "latin-ext")
    )
    for weight in (400, 700)
}

DEBIAN_PACKAGES = ("libpangoft2-1.0-0", "libharfbuzz-subset0")
# Any one name of each line will do: Debian's, then macOS's.
_SHARED_LIBRARIES = (
    ("libgobject-2.0.so.0", "libgobject-2.0.0.dylib"),
    ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
    ("libfontconfig.so.1", "libfontconfig.1.dylib"),
    ("libharfbuzz.so.0", "libharfbuzz.0.dylib"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib"),
)

POINTS_PER_MM = 72 / 25.4


class Area(NamedTuple):
    """The card on its page, in mm from the page's upper left corner."""

    left: float
    top: float
    width: int
    height: int


# Left, upper, right, lower.
Box = tuple[int, int, int, int]
AREAS = {Layout.WIDE: Area(17, 14.7, 176, 250), Layout.TALL: Area(0, 0, 90, 480)}


def missing_libraries() -> str | None:
    """What has to be installed before a card can be drawn, with the command; None if nothing.

    Loads no Python package, so that a system check may call it at every start.
    """
    packages = [name for name in ("weasyprint", "pypdfium2", "PIL") if find_spec(name) is None]
    if packages:
        return f"Python packages are missing: {', '.join(packages)}. Install the lock file again."
    missing = [names[0] for names in _SHARED_LIBRARIES if not any(map(_loads, names))]
    if not missing:
        return None
    return (
        f"System libraries are missing: {', '.join(missing)}. On Debian or Ubuntu run: "
        f"sudo apt-get install -y --no-install-recommends {' '.join(DEBIAN_PACKAGES)}"
    )


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


# HTML to PDF ----------------------------------------------------------------------------------

# No server: the page's relative addresses need some base, and a file address would let
# WeasyPrint walk the machine.
_NOWHERE = "https://card.invalid/"


def _asset(name: str) -> bytes:
    """A static file, from the folders of the source or from the collected ones."""
    found = finders.find(name)
    if isinstance(found, str):
        return Path(found).read_bytes()
    collected = Path(settings.STATIC_ROOT or "") / name
    if not collected.is_file():
        raise DrawingUnavailable(f"The static file {name} is missing. Run: manage.py collectstatic")
    return collected.read_bytes()


@cache
def font(address: str) -> bytes:
    """The font of one weight: both subsets in one file, without features and hints.

    One file, so that a letter such as Ł stands in the same run of text as its neighbours: a slot
    then has the same form whatever letters it holds.
    """
    from fontTools.merge import Merger
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    parts: list[io.BytesIO] = []
    known: set[int] = set()
    for name in FONTS[address]:
        part = TTFont(io.BytesIO(_asset(name)))
        subsetter = Subsetter(Options(hinting=False, glyph_names=True))
        subsetter.options.drop_tables += ["GDEF", "GPOS", "GSUB", "STAT"]
        subsetter.populate(unicodes=set(part.getBestCmap()) - known)
        known |= set(part.getBestCmap())
        subsetter.subset(part)
        parts.append(io.BytesIO())
        part.flavor = None
        part.save(parts[-1])
        parts[-1].seek(0)
    merged = Merger().merge(parts)
    # The same bytes whenever it is merged: the moments are those of the font's last part.
    merged.recalcTimestamp = False
    merged["head"].created = merged["head"].modified = part["head"].created
    saved = io.BytesIO()
    merged.save(saved)
    return saved.getvalue()


@cache
def letters() -> frozenset[str]:
    """The characters that the card's fonts have in each weight."""
    from fontTools.ttLib import TTFont

    maps = (TTFont(io.BytesIO(font(address))).getBestCmap() for address in FONTS)
    return frozenset.intersection(*(frozenset(map(chr, codes)) for codes in maps))


def _fetcher() -> Any:
    """What WeasyPrint loads with: the card's own fonts, and nothing else on earth."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class BundledOnly(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
        # SECURITY: the address is looked up and never opened. WeasyPrint by itself would fetch
        # any file and any address that found its way into the page.
        def fetch(self, url: str, headers: object = None) -> Any:
            if url not in FONTS:
                raise PermissionError("Only the card's own fonts may be loaded.")
            return URLFetcherResponse(url, font(url), {"Content-Type": "font/ttf"})

    # No card at all is better than one in a font of the machine's choosing.
    return BundledOnly(fail_on_errors=True)


def sources() -> list[bytes]:
    """What the drawing is made from: template, style sheet, fonts."""
    template = Path(get_template(TEMPLATE).template.origin.name)  # type: ignore[attr-defined]
    names = [STYLESHEET, *(name for subsets in FONTS.values() for name in subsets)]
    return [template.read_bytes(), *map(_asset, names)]


@sensitive_variables()
def html(sheet: Sheet, layout: Layout) -> str:
    """The page that WeasyPrint draws."""
    columns = [
        {
            "first": first,
            "last": last,
            "cells": [(index, sheet.values[index - 1]) for index in range(first, last + 1)],
        }
        for first, last in column_ranges()
    ]
    return render_to_string(TEMPLATE, {"sheet": sheet, "layout": layout, "columns": columns})


@sensitive_variables()
def pdf(sheet: Sheet, layout: Layout, finisher: Any = None) -> bytes:
    """The card as WeasyPrint draws it: a tagged PDF (PDF/UA-1) of one page.

    The wide page has A4's width and Letter's height: it prints at full size on both. The same
    sheet always gives the same bytes.

    Args:
        sheet: the card.
        layout: how it is arranged.
        finisher: WeasyPrint's hook, called with the document and its objects before the file
            is written.

    Raises:
        DrawingUnavailable: libraries are missing on this machine.
    """
    # Whole fonts: what the font objects hold must not depend on what a card says.
    return to_pdf(html(sheet, layout), full_fonts=True, finisher=finisher)


@sensitive_variables()
def to_pdf(page: str, **options: Any) -> bytes:
    """A page in the card's style as a tagged PDF, with these options of WeasyPrint's."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError
    except (ImportError, OSError) as error:
        raise DrawingUnavailable(missing_libraries() or str(error)) from error

    fonts = FontConfiguration()
    fetcher = _fetcher()
    try:
        style = CSS(
            string=_asset(STYLESHEET).decode(),
            base_url=_NOWHERE,
            url_fetcher=fetcher,
            font_config=fonts,
        )
        document = HTML(string=page, base_url=_NOWHERE, url_fetcher=fetcher)
        drawn: bytes = document.write_pdf(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1", **options
        )
    except FatalURLFetchingError as error:
        # It is no `Exception` and would end the thread that draws.
        raise PermissionError("The card's page asked for a foreign address.") from error
    return drawn


# PDF to PNG -----------------------------------------------------------------------------------

# The card's colours by their greyness, from black to white. A greyscale picture with this
# palette has all colours of the drawing, at a third of the size of a true-colour one.
_TINTS = (
    (0, (0x00, 0x00, 0x00)),
    (31, (0x17, 0x20, 0x2B)),
    (50, (0x12, 0x3A, 0x5E)),
    (71, (0x3D, 0x49, 0x57)),
    (241, (0xEE, 0xF2, 0xF6)),
    (255, (0xFF, 0xFF, 0xFF)),
)
_REDS = ((0, (0xB3, 0x26, 0x1E)), (79, (0xB3, 0x26, 0x1E)), (255, (0xFF, 0xFF, 0xFF)))


def _palette(stops: tuple[tuple[int, tuple[int, int, int]], ...], colours: int) -> bytes:
    """That many colours, from black to white, along the stops."""
    palette = bytearray()
    for number in range(colours):
        grey = number * 255 / (colours - 1)
        (low, dark), (high, light) = next(pair for pair in pairwise(stops) if grey <= pair[1][0])
        share = (grey - low) / (high - low)
        palette += bytes(round(a + (b - a) * share) for a, b in zip(dark, light, strict=True))
    return bytes(palette)


def picture(document: bytes, layout: Layout, *, specimen: bool, part: Box | None = None) -> Image:
    """The card's area of the PDF as PDFium draws it, in the 256 colours of the pictures.

    Args:
        document: a PDF of one page.
        layout: says where the card is on the page, and its size.
        specimen: with the reds of a card that is not valid, and half as many shades of the rest.
        part: left, upper, right, lower pixel of what is wanted; all if None.
    """
    from PIL import ImageChops

    colours = _pixels(document, layout, part)
    grey = colours.convert("L")
    if specimen:
        # Only the specimen's red has more red than blue.
        reds = ImageChops.subtract(colours.getchannel("R"), colours.getchannel("B"))
        reds = reds.point([0] * 24 + [255] * 232)
        grey = grey.point([level // 2 for level in range(256)])
        grey.paste(grey.point([level % 128 + 128 for level in range(256)]), mask=reds)
    grey.putpalette(palette(specimen=specimen))
    return grey


def palette(*, specimen: bool) -> bytes:
    """The colours of the pictures, three bytes for each."""
    return _palette(_TINTS, 128) + _palette(_REDS, 128) if specimen else _palette(_TINTS, 256)


def size(layout: Layout) -> tuple[int, int]:
    """Width and height of the picture in pixels."""
    area = AREAS[layout]
    return area.width * PIXELS_PER_MM, area.height * PIXELS_PER_MM


def _pixels(document: bytes, layout: Layout, part: Box | None) -> Image:
    """That part of the document's first page, 12 pixels per mm, in true colours."""
    try:
        import pypdfium2
        from pypdfium2 import raw
    except (ImportError, OSError) as error:
        raise DrawingUnavailable(missing_libraries() or str(error)) from error

    area = AREAS[layout]
    width, height = size(layout)
    x, y, right, lower = part or (0, 0, width, height)
    # Nothing of PDFium is left to the garbage collector: two threads in it end the process.
    with (
        closing(pypdfium2.PdfDocument(document)) as opened,
        closing(opened[0]) as page,
        closing(
            pypdfium2.PdfBitmap.new_native(
                right - x, lower - y, raw.FPDFBitmap_BGR, rev_byteorder=True
            )
        ) as bitmap,
    ):
        left, top = area.left * POINTS_PER_MM, page.get_height() - area.top * POINTS_PER_MM
        page.set_cropbox(
            left, top - area.height * POINTS_PER_MM, left + area.width * POINTS_PER_MM, top
        )
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, right - x, lower - y)
        raw.FPDF_RenderPageBitmap(
            bitmap, page, -x, -y, width, height, 0, raw.FPDF_REVERSE_BYTE_ORDER
        )
        # A copy: the bitmap's memory ends with the bitmap.
        copied: Image = bitmap.to_pil().copy()
    return copied
