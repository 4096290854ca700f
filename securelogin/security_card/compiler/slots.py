"""What differs between cards, what is alike on all of an installation, and how both are written.

Also where the compiler's own cards come from: probes, on which each text stands once, and random
ones, by which it proves its work.
"""

from __future__ import annotations

import io
import random
import string
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from securelogin.moments import on_paper
from securelogin.security_card import card
from securelogin.security_card.compiler import typeset
from securelogin.serials import ALPHABET

# Whether there are initials, and a fixed end.
Shape = tuple[bool, bool]
SHAPES: tuple[Shape, ...] = ((True, True), (True, False), (False, True), (False, False))
FULL: Shape = (True, True)


class CompileError(Exception):
    """The drawing is not what the compiler relies on. The message says in what."""


class Imprint(NamedTuple):
    """What is printed alike on every card of an installation."""

    brand: str
    phone: str
    lifetime_days: int
    language: str
    specimen: bool


def _dated() -> frozenset[str]:
    moments = (datetime(2000, month, 1, tzinfo=UTC) for month in range(1, 13))
    return frozenset("".join(on_paper(moment, "UTC") for moment in moments) + string.digits + "+-:")


_CAPITALS = frozenset(card.initials_of(chr(code))[:1] for code in range(0x180)) - {""}
# The characters that may stand in each slot, one set after the other and then again, and the
# font in which they do.
LETTERS: dict[str, tuple[frozenset[str], ...]] = {
    # Only its fixed beginning is used, which is no secret.
    "serial": (frozenset(card.new_serial(random.Random(0))[:4] + ALPHABET),),  # noqa: S311
    "initials": (_CAPITALS, frozenset("."), frozenset(" ")),
    "issued_on": (_dated() - set(",:+-"),),
    "ends_at": (_dated(),),
    "values": (frozenset(string.digits),),
}
FONTS = dict.fromkeys(LETTERS, "cardfont:700") | {"ends_at": "cardfont:400"}
# Fields that are not always as long.
SHORTER = {"initials", "issued_on", "ends_at"}
# What stands before the slot in the same operator.
PREFIXES = {"ends_at": "Valid until "}


def a_sheet(imprint: Imprint, shape: Shape, rng: random.Random) -> card.Sheet:
    """A card of that shape, with random texts and values."""
    initials = [f"{letter}." for letter in rng.sample(sorted(_CAPITALS), rng.choice((1, 2, 3)))]
    day = f"{rng.randint(1, 31)} {rng.choice(('Feb', 'Jul', 'Oct'))} {rng.randint(2000, 2099)}"
    offset = rng.choice(("+00", "-03:30"))
    return card.Sheet(
        **imprint._asdict(),
        serial=card.new_serial(rng),
        initials=" ".join(initials) if shape[0] else "",
        issued_on=day,
        ends_at=f"{day}, 17:46 UTC{offset}" if shape[1] else "",
        values=tuple(f"{rng.randrange(1000):03}" for _ in range(card.CELLS)),
    )


def a_probe(imprint: Imprint, shape: Shape) -> card.Sheet:
    """A card whose slots hold what stands nowhere else on it: no value is an index number."""
    return card.Sheet(
        **imprint._asdict(),
        serial=card.new_serial(random.Random(0)),  # noqa: S311 - of a card that never exists
        initials="Ŵ. Ł. Ø." if shape[0] else "",
        issued_on="29 Sep 2047",
        ends_at="28 Aug 2046, 23:59 UTC+05:45" if shape[1] else "",
        values=tuple(str(300 + cell) for cell in range(card.CELLS)),
    )


class Font(NamedTuple):
    """The glyph of each character as an operator writes it, and the width of all of them."""

    glyphs: dict[str, bytes]
    advance: float


def shown(name: str, behind: tuple[bytes, ...], more: str = "") -> list[dict[str, bytes]]:
    """For each character of a field: what may stand there -> what the operator then says."""
    glyphs = font_of(FONTS[name]).glyphs
    return [
        {letter: glyphs[letter] + kerning for letter in sorted({*letters_at(name, at), *more})}
        for at, kerning in enumerate(behind)
    ]


def letters_at(name: str, at: int) -> frozenset[str]:
    """The characters that may stand at that place in the field."""
    return LETTERS[name][at % len(LETTERS[name])]


@cache
def font_of(address: str) -> Font:
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(typeset.font(address)))
    names = {chr(code): name for code, name in font.getBestCmap().items()}
    needed = frozenset("".join(PREFIXES.values()) + " ").union(*chain(*LETTERS.values()))
    if needed - names.keys():
        raise CompileError(f"The card's font lacks {' '.join(sorted(needed - names.keys()))}.")
    widths = {font["hmtx"][names[letter]][0] for letter in needed}
    if len(widths) != 1:
        raise CompileError(f"The characters of the slots have {len(widths)} widths, not one.")
    glyphs = {letter: b"<%04x>" % font.getGlyphID(names[letter]) for letter in needed}
    return Font(glyphs, widths.pop() / font["head"].unitsPerEm)
