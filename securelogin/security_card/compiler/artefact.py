"""All parts of a compiled drawing."""

from __future__ import annotations

from typing import Any

from securelogin.security_card.card import Layout
from securelogin.security_card.compiler.pages import Pages
from securelogin.security_card.compiler.pictures import Pictures
from securelogin.security_card.compiler.slots import Imprint


def compile_drawing(imprint: Imprint) -> list[Any]:
    """The PDF, the wide picture, the tall picture.

    Raises:
        CompileError: template, style sheet, fonts or libraries are not what this relies on.
        DrawingUnavailable: libraries are missing on this machine.
    """
    parts: list[Any] = []
    for layout in Layout:
        pages = Pages(imprint, layout)
        pages.prove()
        pictures = Pictures(pages)
        pictures.prove()
        # The tall page is there for its picture only.
        parts += [pages.compiled] if layout is Layout.WIDE else []
        parts.append(pictures.compiled)
    return parts
