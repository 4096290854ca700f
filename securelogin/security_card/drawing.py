"""The card as PDF and as picture: one card's values set into the compiled drawing.

Everything happens in memory, in a thousandth of a second, and nothing of a card is kept: no value
reaches a file, a cache or a log. The drawing itself is compiled beforehand, by `manage.py
compile_card`; see docs/decisions/0014-the-drawing-is-compiled.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import sys
import threading
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from securelogin.conf import policy
from securelogin.security_card import card, compiler, filling
from securelogin.security_card.card import Layout, Sheet
from securelogin.security_card.compiler import typeset
from securelogin.security_card.compiler.artefact import compile_drawing
from securelogin.security_card.compiler.slots import Imprint
from securelogin.security_card.compiler.typeset import missing_libraries
from securelogin.security_card.filling import (
    TITLE,
    DrawingUnavailable,
    PdfForms,
    PngForms,
    pack,
    unpack,
)

__all__ = ["TITLE", "DrawingUnavailable", "Layout", "missing_libraries", "pdf", "png"]

# Files of other settings and older versions that stay, for processes that still run with them.
OTHERS_KEPT = 7

_DRAWN_BY = ("weasyprint", "pydyf", "pypdfium2", "pillow", "fonttools")
_CODE = (
    Path(card.__file__),
    Path(filling.__file__),
    *sorted(Path(compiler.__path__[0]).glob("*.py")),
)
# The parts of a compiled drawing, in the order of the file.
_PARTS = ("pdf", *Layout)


@sensitive_variables()
def pdf(sheet: Sheet) -> bytes:
    """The card as a tagged PDF (PDF/UA-1) of one page, 210 x 279.4 mm, with real text.

    The page has A4's width and Letter's height: it prints at full size on both. Metadata hold
    the generic title and the language only. The same sheet always gives the same bytes, and
    every card with the same lines as many.

    Raises:
        DrawingUnavailable: the drawing is not compiled.
    """
    return _forms(_imprint_of(sheet), "pdf").fill(sheet)


@sensitive_variables()
def png(sheet: Sheet, layout: Layout) -> bytes:
    """The card as a picture of 12 pixels per mm: pixel by pixel the rasterised PDF.

    Args:
        sheet: the card.
        layout: WIDE is the card's area of the PDF, 2112 x 3000 pixels (176 x 250 mm); TALL
            is 1080 pixels wide, four columns in two bands.

    Returns:
        A PNG with 256 colours, about 0.9 MB, whose only text is the generic title. The same
        sheet always gives the same bytes.

    Raises:
        DrawingUnavailable: the drawing is not compiled.
    """
    return _forms(_imprint_of(sheet), layout).fill(sheet)


# What is compiled -----------------------------------------------------------------------------


def in_service() -> Imprint:
    """What the settings have printed on every card."""
    return Imprint(
        brand=settings.BRAND["name"],
        phone=settings.BRAND["phone"],
        lifetime_days=policy().card_days,
        language="en",
        specimen=settings.SPECIMEN_CARDS,
    )


def _imprint_of(sheet: Sheet) -> Imprint:
    return Imprint(sheet.brand, sheet.phone, sheet.lifetime_days, sheet.language, sheet.specimen)


def artefact(imprint: Imprint) -> Path:
    """The file of the compiled drawing. Its name is a digest over all that the drawing is made
    from: template, style sheet, fonts, versions, our own code. A stale file is a missing one.
    """
    return Path(settings.CARD_DRAWINGS) / f"{_digest(imprint)}.card"


@cache
def _digest(imprint: Imprint) -> str:
    made_from = [repr(imprint).encode(), *typeset.sources(), f"{sys.version_info[:2]}".encode()]
    made_from += [f"{name} {_version(name)}".encode() for name in _DRAWN_BY]
    made_from += [path.read_bytes() for path in _CODE]
    digests = (hashlib.sha256(part).digest() for part in made_from)
    return hashlib.sha256(b"".join(digests)).hexdigest()[:32]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def build(imprint: Imprint) -> Path:
    """Compile the drawing, unless it is there: half a minute of processor time.

    Raises:
        CompileError: the drawing is not what compiling relies on.
        DrawingUnavailable: libraries are missing on this machine.
    """
    path = artefact(imprint)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name("lock").open("w") as lock:
        # Another process may be compiling the same.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_bytes(pack(compile_drawing(imprint)))
            part.replace(path)
            others = sorted({*path.parent.glob("*.card")} - {path}, key=_changed_at)
            for other in others[:-OTHERS_KEPT]:
                other.unlink()
    return path


def _changed_at(path: Path) -> float:
    return path.stat().st_mtime


def builds_by_itself() -> bool:
    """Whether a missing drawing is compiled when it is first needed: not in service, where a
    client would have to wait for it.
    """
    return settings.DEBUG or settings.INSECURE_HTTP


# Read once, and never changed: any number of threads may fill them.
_read: dict[tuple[Imprint, str], PdfForms | PngForms] = {}
_reading = threading.Lock()


def _forms(imprint: Imprint, part: str) -> PdfForms | PngForms:
    if found := _read.get((imprint, part)):
        return found
    with _reading:
        if (imprint, part) not in _read:
            path = build(imprint) if builds_by_itself() else artefact(imprint)
            compiled = unpack(path, _PARTS.index(part))
            _read[imprint, part] = PdfForms(compiled) if part == "pdf" else PngForms(compiled)
        return _read[imprint, part]
