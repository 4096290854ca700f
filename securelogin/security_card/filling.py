"""Sets one card's texts and values into the drawing that `compiler` made once.

A PDF's page and a picture's pixels are streams of static pieces, deflated in advance, with slots
between them; a slot is as long whatever it holds, so nothing is compressed, measured or moved for
a card. Standard library only: no WeasyPrint, no PDFium, no Django. What is read stays as it is, so
that any number of threads may fill at once.
"""

from __future__ import annotations

import marshal
import zlib
from itertools import product
from operator import getitem, mul

# Not from `typing`: to load it takes as long as all that a new process does for its first card.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from securelogin.security_card.card import Sheet

TITLE = "Online Security Code Card"
PIXELS_PER_MM = 12
# Of zlib's check sum: two sums modulo this prime.
MODULUS = 65521
# What stands in slots, with the room for it: as much as `card.Sheet` allows. All but the values.
ROOM = {"serial": 13, "initials": 8, "issued_on": 11, "ends_at": 28}

_VALUES = frozenset(f"{number:03}" for number in range(1000))

_MAGIC = b"card drawing 1\n"


class DrawingUnavailable(Exception):  # noqa: N818 - a state of the machine, not a mistake
    """No card can be drawn here. The message says what is missing, and how to get it."""


def shape(sheet: Sheet) -> tuple[bool, bool]:
    """Which lines the card has; there is one drawing for each combination."""
    return bool(sheet.initials), bool(sheet.ends_at)


def _texts(sheet: Sheet) -> dict[str, str]:
    texts = {name: getattr(sheet, name) for name in ROOM}
    for name, text in texts.items():
        if len(text) > ROOM[name]:
            raise ValueError(f"{name} has no room for more than {ROOM[name]} characters.")
    return texts


class PdfForms:
    """The PDF in each shape, ready to be filled."""

    def __init__(self, compiled: dict[str, Any], digits: str = "0123456789") -> None:
        self._forms = compiled["forms"]
        # For each character of each field: what may stand there -> how the PDF shows it.
        self._shown = compiled["shown"]
        self._values = {
            "".join(value): b"".join(map(getitem, self._shown["values"], value))
            for value in product(digits, repeat=3)
        }
        sums = {value: zlib.adler32(written, 0) for value, written in self._values.items()}
        self._low = {value: both & 0xFFFF for value, both in sums.items()}
        self._high = {value: both >> 16 for value, both in sums.items()}

    def fill(self, sheet: Sheet) -> bytes:
        """The card as a finished file, as long as every other of its shape.

        Raises:
            ValueError: a text that has no room or is not in the card's font. No value is named.
        """
        texts = _texts(sheet)
        pieces, before, after, rests, (low, high) = self._forms[shape(sheet)]
        try:
            fields = [
                b"".join(map(getitem, self._shown[name], texts[name])).ljust(room)
                for name, room in before + after
            ]
            values = [self._values[value] for value in sheet.values]
        except KeyError:
            raise ValueError("What stands in a slot must be made for it.") from None
        if len(fields) + len(values) != len(rests):
            raise ValueError("There must be a value for each slot.")
        # The check sum of the page is linear in what stands in the slots: the static part's is
        # known, and each slot adds its own, times the number of bytes behind it.
        sums = [zlib.adler32(field, 0) for field in fields]
        first, last = sums[: len(before)], sums[len(before) :]
        lows = [
            *(both & 0xFFFF for both in first),
            *map(self._low.__getitem__, sheet.values),
            *(both & 0xFFFF for both in last),
        ]
        low += sum(lows)
        high += sum(map(mul, rests, lows)) + sum(both >> 16 for both in sums)
        high += sum(map(self._high.__getitem__, sheet.values))
        filled = list(pieces)
        filled[1::2] = [*fields[: len(before)], *values, *fields[len(before) :], _sum(low, high)]
        return b"".join(filled)


class PngForms:
    """The picture of one layout in each shape, ready to be filled."""

    def __init__(self, compiled: dict[tuple[bool, bool], Any]) -> None:
        self._forms = {
            key: (
                head,
                pieces,
                base,
                [
                    (name, [(slice(*place), rest, table) for place, rest, table in slots])
                    for name, slots in fields
                ],
            )
            for key, (head, pieces, base, fields) in compiled.items()
        }

    def fill(self, sheet: Sheet) -> bytes:
        """The card as a finished file.

        Raises:
            ValueError: a text that has no room or is not in the card's font. No value is named.
        """
        if not _VALUES.issuperset(sheet.values):
            raise ValueError("Each value must be three digits.")
        head, pieces, (low, high), fields = self._forms[shape(sheet)]
        texts = _texts(sheet) | {"values": "".join(sheet.values)}
        filled = list(pieces)
        try:
            for name, slots in fields:
                if name == "values" and len(texts[name]) != len(slots):
                    raise ValueError("There must be a value for each slot.")
                # A shorter text leaves the rest of its slots as they are: empty.
                for (place, rest, table), letter in zip(slots, texts[name], strict=False):
                    lines, its_low, its_high = table[letter]
                    filled[place] = lines
                    low += its_low
                    high += its_high + rest * its_low
        except KeyError:
            raise ValueError("What stands in a slot must be made for it.") from None
        filled.append(_sum(low, high))
        return b"".join((head, png_chunk(b"IDAT", b"".join(filled)), png_chunk(b"IEND", b"")))


def _sum(low: int, high: int) -> bytes:
    return (high % MODULUS << 16 | low % MODULUS).to_bytes(4, "big")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One part of a PNG file."""
    check = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((len(content).to_bytes(4, "big"), kind, content, check.to_bytes(4, "big")))


# The artefact --------------------------------------------------------------------------------


def pack(parts: list[Any]) -> bytes:
    """The file of a compiled drawing: each part with its length and check sum."""
    packed = [_MAGIC]
    for part in parts:
        content = marshal.dumps(part)
        packed += [len(content).to_bytes(8, "big"), zlib.crc32(content).to_bytes(4, "big"), content]
    return b"".join(packed)


def unpack(path: str | Path, number: int) -> Any:
    """Read one part of the file; those before it are skipped.

    Raises:
        DrawingUnavailable: there is no such file, or it is damaged.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - see above
            intact = file.read(len(_MAGIC)) == _MAGIC
            for skipped in range(number + 1):
                length, check = int.from_bytes(file.read(8), "big"), file.read(4)
                if skipped < number:
                    file.seek(length, 1)
            content = file.read(length)
    except FileNotFoundError:
        raise DrawingUnavailable(
            "The card's drawing is not compiled for these settings. Run: manage.py compile_card"
        ) from None
    # A damaged digit would be a wrong card, which nobody notices until it is asked for.
    if not intact or not content or zlib.crc32(content).to_bytes(4, "big") != check:
        raise DrawingUnavailable(f"{path} is damaged. Remove it, and run: manage.py compile_card")
    # Data only, and as much trusted as the code beside which the operator's own command wrote it.
    return marshal.loads(content)  # noqa: S302
