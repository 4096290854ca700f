"""Cuts the picture of a card into places for one character each.

A plate is a picture of a card with a character in every second place. What it has and the empty
card has not lies in those places alone, or the drawing is refused; so a character's pixels are
its own, whatever stands beside it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby, pairwise
from operator import itemgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from securelogin.security_card import card
from securelogin.security_card.compiler import typeset
from securelogin.security_card.compiler.pages import Pages, Slot
from securelogin.security_card.compiler.slots import (
    FONTS,
    FULL,
    LETTERS,
    SHAPES,
    CompileError,
    Shape,
    font_of,
    letters_at,
    shown,
)
from securelogin.security_card.filling import PIXELS_PER_MM, ROOM, PdfForms

if TYPE_CHECKING:
    from PIL.Image import Image

EMPTY = " "
_PIXELS_PER_CSS_PIXEL = PIXELS_PER_MM * 25.4 / 96
# What a character may need above and below its baseline, in parts of its size, and beside its
# width, in pixels.
_ABOVE, _BELOW = 1.05, 0.3
_BESIDE = 3


@dataclass(slots=True)
class Place:
    """The columns of one character.

    Attributes:
        name: of its field.
        order: the field's number in reading order.
        at: the character's number in the field.
        left: the first column.
        right: the column behind the last.
        looks: each character that may stand there, and what it then looks like.
    """

    name: str
    order: int
    at: int
    left: int
    right: int
    looks: dict[str, Image] = field(default_factory=dict)

    def ink(self) -> typeset.Box:
        """The part of the place that is not the same with every character."""
        from PIL import ImageChops

        empty = self.looks[EMPTY]
        x, y = empty.width // 2, empty.height // 2
        boxes = [ImageChops.difference(look, empty).getbbox() for look in self.looks.values()]
        # A place for spaces alone has no ink, and is some pixel.
        inked = [*filter(None, boxes)] or [(x, y, x + 1, y + 1)]
        lefts, uppers, rights, lowers = zip(*inked, strict=True)
        return min(lefts), min(uppers), max(rights), max(lowers)


@dataclass(slots=True)
class Line:
    """Places beside each other, from left to right, and the rows that they need."""

    upper: int
    lower: int
    places: list[Place]

    def box(self, place: Place, region: typeset.Box) -> typeset.Box:
        """Where the place is in a picture of that region."""
        x, y, _, _ = region
        return place.left - x, self.upper - y, place.right - x, self.lower - y

    def shrink(self) -> None:
        """Leave each place the columns in which some character has ink, the line the rows."""
        inks = [place.ink() for place in self.places]
        top, bottom = min(ink[1] for ink in inks), max(ink[3] for ink in inks)
        edge = -1
        for place, (left, _, right, _) in zip(self.places, inks, strict=True):
            start, end = place.left + left, place.left + right
            if start < edge:
                raise CompileError(f"Two characters of {place.name} share columns of pixels.")
            # Up to the one before it, where that is near: one piece less in each row.
            start = edge if place.left <= edge else start
            part = (start - place.left, top, end - place.left, bottom)
            place.looks = {letter: look.crop(part) for letter, look in place.looks.items()}
            place.left, place.right = start, end
            edge = end
        self.upper, self.lower = self.upper + top, self.upper + bottom


class Plates:
    """The lines of one layout, and the empty card in each shape.

    Raises:
        CompileError: characters share pixels.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.all = (0, 0, *typeset.size(pages.layout))
        # A plate leaves places empty, which no card's value does.
        letters = {slot.name: shown(slot.name, slot.behind, EMPTY) for slot in pages.slots[FULL]}
        self._pdf = PdfForms(pages.compiled | {"shown": letters}, string.digits + EMPTY)
        self.empty = {shape: self._draw(_texts({}, shape), self.all) for shape in SHAPES}
        self.lines = [*_lines(pages)]
        self._look()
        for line in self.lines:
            line.shrink()
        if any(one.lower > other.upper for one, other in pairwise(self.lines)):
            raise CompileError("The characters of two lines share rows of pixels.")

    def _draw(self, texts: Any, region: typeset.Box) -> Image:
        """The numbers of the colours, as if they were shades of grey."""
        from PIL import Image

        layout, specimen = self.pages.layout, self.pages.imprint.specimen
        document = self._pdf.fill(texts)
        drawn = typeset.picture(document, layout, specimen=specimen, part=region)
        return Image.frombytes("L", drawn.size, drawn.tobytes())

    def _look(self) -> None:
        """Note what every character looks like in every place."""
        empty = self.empty[FULL]
        for line in self.lines:
            for place in line.places:
                place.looks[EMPTY] = empty.crop(line.box(place, self.all))
        # Drawn, not cropped: PDFium cuts a character at the edge in another way.
        parts = [(region, self._draw(_texts({}, FULL), region)) for region in self._regions()]
        for number in range(max(map(len, chain(*LETTERS.values())))):
            # Values have the fewest characters; after those only texts differ.
            differ = [(self.all, empty)] if number < len(string.digits) else parts
            for parity in (0, 1):
                texts = {name: _every_second(name, number, parity) for name in LETTERS}
                for region, without in differ:
                    self._cut(self._draw(_texts(texts, FULL), region), texts, region, without)

    def _cut(self, plate: Image, texts: dict[str, str], region: typeset.Box, empty: Image) -> None:
        for line in self.lines:
            if not region[1] <= line.upper <= line.lower <= region[3]:
                continue
            for place in line.places:
                if (letter := texts[place.name][place.at]) != EMPTY:
                    box = line.box(place, region)
                    place.looks[letter] = plate.crop(box)
                    plate.paste(empty.crop(box), box)
        if plate.tobytes() != empty.tobytes():
            raise CompileError(f"A character's ink lies outside its place: one of {texts}.")

    def _regions(self) -> Iterator[typeset.Box]:
        """The parts of the picture with the texts: those above the values and the last line."""
        *above, below = [line for line in self.lines if line.places[0].name != "values"]
        for lines in (above, [below]):
            left = min(line.places[0].left for line in lines) - 40
            right = max(line.places[-1].right for line in lines) + 40
            yield left, lines[0].upper - 4, min(right, self.all[2]), lines[-1].lower + 4


def _lines(pages: Pages) -> Iterator[Line]:
    area = typeset.AREAS[pages.layout]
    numbered = [
        (slot.baseline, slot.left, order, slot) for order, slot in enumerate(pages.slots[FULL])
    ]
    for baseline, group in groupby(sorted(numbered), key=itemgetter(0)):
        slots = [(order, slot) for _, _, order, slot in group]
        middle = baseline * _PIXELS_PER_CSS_PIXEL - area.top * PIXELS_PER_MM
        size = max(slot.size for _, slot in slots) * _PIXELS_PER_CSS_PIXEL
        places = [place for order, slot in slots for place in _places(order, slot, area)]
        yield Line(int(middle - _ABOVE * size), int(middle + _BELOW * size), places)


def _places(order: int, slot: Slot, area: typeset.Area) -> Iterator[Place]:
    left = slot.left
    for at, behind in enumerate(slot.behind):
        kerning = sum(map(float, re.findall(rb"-?[0-9.]+", behind))) / 1000
        right = left + (font_of(FONTS[slot.name]).advance - kerning) * slot.size
        edges = (edge * _PIXELS_PER_CSS_PIXEL - area.left * PIXELS_PER_MM for edge in (left, right))
        first, last = map(round, edges)
        yield Place(slot.name, order, at, first - _BESIDE, last + _BESIDE)
        left = right


def has(shape: Shape, name: str) -> bool:
    """Whether cards of that shape have that field."""
    return {"initials": shape[0], "ends_at": shape[1]}.get(name, True)


def _texts(texts: dict[str, str], shape: Shape) -> Any:
    """What `filling` takes for a card, with texts that no card has."""
    fields = {name: texts.get(name, EMPTY) if has(shape, name) else "" for name in ROOM}
    return SimpleNamespace(**fields, values=(texts.get("values", EMPTY * 3),) * card.CELLS)


def _every_second(name: str, number: int, parity: int) -> str:
    """A text with a character of the field's in every second place, another in each of them."""
    return "".join(
        sorted(letters)[(number + at) % len(letters)]
        if at % 2 == parity and number < len(letters := letters_at(name, at))
        else EMPTY
        for at in range(ROOM.get(name, card.VALUE_DIGITS))
    )
