"""The pictures of each shape of card, as finished pieces: each row of each place is deflated on its
own, for each character that may stand there.
"""

from __future__ import annotations

import io
import random
import zlib
from collections import defaultdict
from functools import cache
from operator import itemgetter
from typing import Any

from securelogin.security_card.compiler import typeset
from securelogin.security_card.compiler.pages import Pages, deflated
from securelogin.security_card.compiler.plates import EMPTY, Line, Place, Plates, has
from securelogin.security_card.compiler.slots import SHAPES, CompileError, Shape, a_sheet
from securelogin.security_card.filling import MODULUS, PIXELS_PER_MM, TITLE, PngForms, png_chunk

# For each character the pieces, one a row, and their share of the check sums.
Table = dict[str, tuple[tuple[bytes, ...], int, int]]


class Pictures:
    """The pictures of one layout; ``compiled`` is what `filling.PngForms` reads.

    Raises:
        CompileError: the drawing is not what this relies on.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        plates = Plates(pages)
        self._width = plates.all[2]
        # A row with the byte of its filter before it.
        self._stride = self._width + 1
        # Equal places and rows are worked out once, and stored once.
        self._piece, self._shared = cache(self._deflate), cache(self._tabulate)
        lines = [
            (line, [(place, self._table(place)) for place in line.places]) for line in plates.lines
        ]
        self.compiled = {}
        for shape, empty in plates.empty.items():
            for line, places in lines:
                for place, _ in places:
                    if has(shape, place.name) and (
                        empty.crop(line.box(place, plates.all)) != place.looks[EMPTY]
                    ):
                        raise CompileError(f"An empty {place.name} is not the same in {shape}.")
            self.compiled[shape] = self._form(shape, empty.tobytes(), lines)

    def prove(self) -> None:
        """Compare filled pictures with those that WeasyPrint and PDFium draw, pixel by pixel."""
        from PIL import Image

        forms = PngForms(self.compiled)
        for shape in SHAPES:
            # As in `pages`: a sample, of a card that never exists.
            sheet = a_sheet(self._pages.imprint, shape, random.Random(repr(shape)))  # noqa: S311
            document = typeset.pdf(sheet, self._pages.layout)
            drawn = typeset.picture(document, self._pages.layout, specimen=sheet.specimen)
            filled = Image.open(io.BytesIO(forms.fill(sheet)))
            if filled.tobytes() != drawn.tobytes() or filled.getpalette() != drawn.getpalette():
                raise CompileError(f"A filled picture is not PDFium's: {shape}, {sheet.serial}.")

    def _deflate(self, row: bytes, above: bytes) -> bytes:
        """A part of a row, which may refer to the same part of the row above."""
        filler = next((level for level in range(256) if level not in row), None)
        if filler is None or not above:
            return deflated(row)
        # What lies between them is not known, and no byte of this part can refer to it.
        return deflated(row, above + bytes([filler]) * (self._stride - len(above)))

    def _table(self, place: Place) -> Table:
        looks = {letter: look.tobytes() for letter, look in sorted(place.looks.items())}
        return self._shared(tuple(looks.items()), place.right - place.left)

    def _tabulate(self, looks: tuple[tuple[str, bytes], ...], width: int) -> Table:
        blank_low, blank_high = self._sums(dict(looks)[EMPTY], width)
        table = {}
        for letter, look in looks:
            rows = _rows(look, width)
            low, high = self._sums(look, width)
            pieces = tuple(map(self._piece, rows, [b"", *rows[:-1]]))
            # What the picture's check sum gains by this character instead of none.
            table[letter] = (pieces, (low - blank_low) % MODULUS, (high - blank_high) % MODULUS)
        return table

    def _sums(self, look: bytes, width: int) -> tuple[int, int]:
        """The share of a character in both check sums, if the picture ended with its last row."""
        low = high = 0
        for behind, row in enumerate(reversed(_rows(look, width))):
            both = zlib.adler32(row, 0)
            low += both & 0xFFFF
            high += (both >> 16) + behind * self._stride * (both & 0xFFFF)
        return low, high

    def _form(
        self, shape: Shape, empty: bytes, lines: list[tuple[Line, list[tuple[Place, Table]]]]
    ) -> tuple[Any, ...]:
        """All pieces of an empty card in order, and where each character's go."""
        plain = b"".join(b"\0" + row for row in _rows(empty, self._width))
        pieces, done = [b"\x78\xda"], 0
        fields: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for line, all_places in lines:
            places = [(place, table) for place, table in all_places if has(shape, place.name)]
            where = []
            for row in range(line.lower - line.upper if places else 0):
                start = (line.upper + row) * self._stride + 1
                for place, table in places:
                    pieces += self._static(plain, done, start + place.left)
                    done = start + place.right
                    where.append(len(pieces))
                    pieces.append(table[EMPTY][0][row])
            for (place, table), first in zip(places, where, strict=False):
                # Each row has as many pieces: those of a place are evenly spaced.
                step = where[len(places)] - where[0]
                last = first + (line.lower - line.upper) * step
                behind = len(plain) - (line.lower - 1) * self._stride - 1 - place.right
                key = (place.name, 0 if place.name == "values" else place.order)
                fields[key].append((place.order, place.at, ((first, last, step), behind, table)))
        pieces.append(deflated(plain[done:], flush=zlib.Z_FINISH))
        both = zlib.adler32(plain)
        ordered = [
            (name, [slot for _, _, slot in sorted(slots, key=itemgetter(0, 1))])
            for (name, _), slots in sorted(fields.items(), key=itemgetter(0))
        ]
        return self._head(), tuple(pieces), (both & 0xFFFF, both >> 16), ordered

    def _static(self, plain: bytes, start: int, end: int) -> list[bytes]:
        """The fixed pixels between two places, or none."""
        if start == end:
            return []
        if end - start > self._stride or start < self._stride:
            return [deflated(plain[start:end])]
        return [self._piece(plain[start:end], plain[start - self._stride : end - self._stride])]

    def _head(self) -> bytes:
        width, height = typeset.size(self._pages.layout)
        per_metre = (PIXELS_PER_MM * 1000).to_bytes(4, "big")
        return b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                # Eight bits for each pixel, which number a colour.
                png_chunk(
                    b"IHDR",
                    width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x03\0\0\0",
                ),
                png_chunk(b"PLTE", typeset.palette(specimen=self._pages.imprint.specimen)),
                png_chunk(b"pHYs", per_metre + per_metre + b"\x01"),
                png_chunk(b"tEXt", b"Title\0" + TITLE.encode()),
            )
        )


def _rows(look: bytes, width: int) -> list[bytes]:
    return [look[start : start + width] for start in range(0, len(look), width)]
