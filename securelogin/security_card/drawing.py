"""Draws an Online Security Code Card: one page of HTML becomes the PDF, the PDF the pictures.

One drawing serves everything, so that paper, picture and screen reader can never disagree.
Everything happens in memory: no value reaches a file, a cache outside this process or a log.

The drawing libraries are imported when the first card is drawn: the portal starts, and says
what is missing (`missing_libraries`), on a machine that has none of them.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import threading
import time
from contextlib import closing
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.views.decorators.debug import sensitive_variables

from securelogin.security_card.card import Sheet, column_ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

TITLE = "Online Security Code Card"
TEMPLATE = "securelogin/security_card/sheet.html"
STYLESHEET = "css/card_sheet.css"
FONTS = tuple(
    f"fonts/atkinson-hyperlegible-mono-{subset}-{weight}.woff2"
    for subset in ("latin", "latin-ext")
    for weight in (400, 700)
)

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

PIXELS_PER_MM = 12
_POINTS_PER_MM = 72 / 25.4

MEMO_ENTRIES = 8
MEMO_SECONDS = 120.0


class Layout(StrEnum):
    """How the card is arranged: for paper and wide screens, or for a phone held upright."""

    WIDE = "wide"
    TALL = "tall"


class DrawingUnavailable(Exception):  # noqa: N818 - a state of the machine, not a mistake
    """A library or a font is missing here. The message says which, and how to get it."""


class _Area(NamedTuple):
    """The card on its page, in mm from the page's upper left corner."""

    left: float
    top: float
    width: int
    height: int


_AREAS = {Layout.WIDE: _Area(17, 14.7, 176, 250), Layout.TALL: _Area(0, 0, 90, 480)}


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


@sensitive_variables()
def pdf(sheet: Sheet) -> bytes:
    """The card as a tagged PDF (PDF/UA-1) of one page, 210 x 279.4 mm, with real text.

    The page has A4's width and Letter's height: it prints at full size on both. Metadata hold
    the generic title and the language only. The same sheet always gives the same bytes.

    Raises:
        DrawingUnavailable: libraries are missing on this machine.
    """
    return _memo.get(_key(sheet, "pdf"), lambda: _typeset(sheet, Layout.WIDE))


@sensitive_variables()
def png(sheet: Sheet, layout: Layout) -> bytes:
    """The card as a picture of 12 pixels per mm: the rasterised PDF.

    Args:
        sheet: the card.
        layout: WIDE is the card's area of the PDF, 2112 x 3000 pixels (176 x 250 mm); TALL
            is 1080 pixels wide, four columns in two bands.

    Returns:
        A PNG with 256 colours, less than 1 MB, whose only text is the generic title. The same
        sheet always gives the same bytes.

    Raises:
        DrawingUnavailable: libraries are missing on this machine.
    """
    if layout is Layout.WIDE:
        return _memo.get(_key(sheet, layout), lambda: _rasterise(pdf(sheet), layout))
    return _memo.get(_key(sheet, layout), lambda: _rasterise(_typeset(sheet, layout), layout))


@sensitive_variables()
def forget(sheet: Sheet) -> None:
    """Drop what is kept of this card, for when it may not be shown any longer."""
    for kind in ("pdf", *Layout):
        _memo.drop(_key(sheet, kind))


# Kept for a moment ----------------------------------------------------------------------------


def _key(sheet: Sheet, kind: str) -> bytes:
    # SECURITY: the values are part of the key. Only who already holds a card can find it here.
    # The sheet's own repr has all fields but them.
    return hashlib.sha256(repr((kind, sheet, sheet.values)).encode()).digest()


class Memo:
    """The last few drawings, for two minutes, in this process only.

    A browser asks for the same picture again when it is saved or printed, and drawing takes
    half a second. An entry is dropped by a timer, not at the next call: nothing of a card
    stays in a process that has become idle.
    """

    def __init__(self, entries: int = MEMO_ENTRIES, seconds: float = MEMO_SECONDS) -> None:
        self._entries = entries
        self._seconds = seconds
        self._kept: dict[bytes, tuple[bytes, float, threading.Timer]] = {}
        self._lock = threading.Lock()

    @sensitive_variables()
    def get(self, key: bytes, draw: Callable[[], bytes]) -> bytes:
        """The drawing under this key; drawn now, once, if it is not kept."""
        if (found := self._find(key)) is not None:
            return found
        with _drawing:
            # Another thread may have drawn it while this one waited.
            if (found := self._find(key)) is not None:
                return found
            drawn = draw()
            self._keep(key, drawn)
            return drawn

    def drop(self, key: bytes) -> None:
        """Forget this drawing, if it is kept."""
        with self._lock:
            self._remove(key)

    def _find(self, key: bytes) -> bytes | None:
        with self._lock:
            found = self._kept.get(key)
        # A timer does not survive a fork, a moment does.
        return found[0] if found and time.monotonic() < found[1] else None

    def _keep(self, key: bytes, drawn: bytes) -> None:
        timer = threading.Timer(self._seconds, self.drop, (key,))
        timer.daemon = True
        with self._lock:
            self._remove(key)
            while len(self._kept) >= self._entries:
                self._remove(next(iter(self._kept)))
            self._kept[key] = (drawn, time.monotonic() + self._seconds, timer)
            timer.start()

    def _remove(self, key: bytes) -> None:
        if found := self._kept.pop(key, None):
            found[2].cancel()


# One drawing at a time. PDFium kills the process when two threads are in it, and typesetting
# is processor work in Python, which two threads only make slower and larger. Reentrant, as the
# wide picture is drawn from the PDF.
_drawing = threading.RLock()
_memo = Memo()


# HTML to PDF ----------------------------------------------------------------------------------

# No server: the style sheet's relative addresses need some base, and a file address would let
# WeasyPrint walk the machine.
_ASSETS_BASE = "https://card.invalid/"


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
def _font(name: str) -> bytes:
    """A bundled font, unpacked. WeasyPrint would unpack it again for each card."""
    from fontTools.ttLib.woff2 import decompress

    unpacked = io.BytesIO()
    decompress(io.BytesIO(_asset(name)), unpacked)
    return unpacked.getvalue()


def _fetcher() -> Any:
    """What WeasyPrint loads with: the card's own fonts, and nothing else on earth."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    fonts = {f"{_ASSETS_BASE}{name}": _font(name) for name in FONTS}

    class BundledOnly(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
        # SECURITY: the address is looked up and never opened. WeasyPrint by itself would fetch
        # any file and any address that found its way into the page.
        def fetch(self, url: str, headers: object = None) -> Any:
            if url not in fonts:
                raise PermissionError("Only the card's own fonts may be loaded.")
            return URLFetcherResponse(url, fonts[url], {"Content-Type": "font/ttf"})

    # No card at all is better than one in a font of the machine's choosing.
    return BundledOnly(fail_on_errors=True)


@sensitive_variables()
def _html(sheet: Sheet, layout: Layout) -> str:
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
def _typeset(sheet: Sheet, layout: Layout) -> bytes:
    return _to_pdf(_html(sheet, layout))


@sensitive_variables()
def _to_pdf(html: str) -> bytes:
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError
    except (ImportError, OSError) as error:
        raise DrawingUnavailable(missing_libraries() or str(error)) from error

    with _drawing:
        # One for each drawing: shared between threads it corrupts memory. Its temporary
        # folder holds the unpacked fonts, nothing of the card.
        fonts = FontConfiguration()
        fetcher = _fetcher()
        try:
            style = CSS(
                string=_asset(STYLESHEET).decode(),
                base_url=f"{_ASSETS_BASE}{STYLESHEET}",
                url_fetcher=fetcher,
                font_config=fonts,
            )
            page = HTML(string=html, base_url=_ASSETS_BASE, url_fetcher=fetcher)
            drawn: bytes = page.write_pdf(
                stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1"
            )
        except FatalURLFetchingError as error:
            # It is no `Exception` and would end the thread that serves the request.
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


@sensitive_variables()
def _in_few_colours(picture: Image) -> Image:
    """A picture with a palette of 256 colours, from one in true colours."""
    from PIL import ImageChops

    grey = picture.convert("L")
    # Only the specimen's red has more red than blue.
    reds = ImageChops.subtract(picture.getchannel("R"), picture.getchannel("B"))
    reds = reds.point([0] * 24 + [255] * 232)
    if reds.getbbox() is None:
        grey.putpalette(_palette(_TINTS, 256))
        return grey
    grey = grey.point([level // 2 for level in range(256)])
    grey.paste(grey.point([level % 128 + 128 for level in range(256)]), mask=reds)
    grey.putpalette(_palette(_TINTS, 128) + _palette(_REDS, 128))
    return grey


@sensitive_variables()
def _rasterise(document: bytes, layout: Layout) -> bytes:
    try:
        from PIL.PngImagePlugin import PngInfo
    except ImportError as error:
        raise DrawingUnavailable(missing_libraries() or str(error)) from error

    picture = _in_few_colours(_pixels(document, _AREAS[layout]))
    title = PngInfo()
    title.add_text("Title", TITLE)
    dots = PIXELS_PER_MM * 25.4
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dots, dots), pnginfo=title, compress_level=6)
    return out.getvalue()


@sensitive_variables()
def _pixels(document: bytes, area: _Area) -> Image:
    """The area of the document's first page, 12 pixels per mm, in true colours."""
    try:
        import pypdfium2
        from pypdfium2 import raw
    except (ImportError, OSError) as error:
        raise DrawingUnavailable(missing_libraries() or str(error)) from error

    width, height = area.width * PIXELS_PER_MM, area.height * PIXELS_PER_MM
    # SECURITY: everything of PDFium stays inside the lock, and nothing is left to the garbage
    # collector. Two threads in it end the process, and with it the requests of other clients.
    with (
        _drawing,
        closing(pypdfium2.PdfDocument(document)) as opened,
        closing(opened[0]) as page,
        closing(
            pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
        ) as bitmap,
    ):
        left, upper = area.left * _POINTS_PER_MM, page.get_height() - area.top * _POINTS_PER_MM
        right, lower = left + area.width * _POINTS_PER_MM, upper - area.height * _POINTS_PER_MM
        page.set_cropbox(left, lower, right, upper)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, raw.FPDF_REVERSE_BYTE_ORDER)
        # A copy: the bitmap's memory ends with the bitmap.
        picture: Image = bitmap.to_pil().copy()
    return picture
