"""The PDF of each shape of card, with slots in its page: WeasyPrint draws it here.

A slot is the operand of one text operator. What the file has around it is kept as WeasyPrint wrote
it, but for the page's stream, which is deflated with room for each slot.
"""

from __future__ import annotations

import random
import re
import zlib
from itertools import pairwise
from typing import Any, NamedTuple

from securelogin.security_card import card
from securelogin.security_card.card import Layout
from securelogin.security_card.compiler import typeset
from securelogin.security_card.compiler.slots import (
    FONTS,
    FULL,
    LETTERS,
    PREFIXES,
    SHAPES,
    SHORTER,
    CompileError,
    Imprint,
    Shape,
    a_probe,
    a_sheet,
    font_of,
    shown,
)
from securelogin.security_card.filling import ROOM, PdfForms


class Slot(NamedTuple):
    """Where a text stands in the page's stream, and on the page, in CSS pixels.

    ``behind`` is what the operator has behind each character: the kerning.
    """

    name: str
    start: int
    end: int
    left: float
    baseline: float
    size: float
    behind: tuple[bytes, ...]

    @property
    def room(self) -> int:
        """Bytes of the longest text."""
        return sum(len(b"<0000>" + behind) for behind in self.behind)


class Pages:
    """The PDF of one layout, in each shape; ``compiled`` is what `filling.PdfForms` reads.

    Raises:
        CompileError: template, style sheet, fonts or libraries are not what this relies on.
        DrawingUnavailable: libraries are missing on this machine.
    """

    def __init__(self, imprint: Imprint, layout: Layout) -> None:
        self.imprint, self.layout = imprint, layout
        if lacking := {*imprint.brand, *imprint.phone} - typeset.letters():
            raise CompileError(
                f"The card's font lacks {' '.join(sorted(lacking))}: brand or phone."
            )
        self.slots: dict[Shape, list[Slot]] = {}
        forms = {shape: self._form(shape) for shape in SHAPES}
        behind = {slot.name: slot.behind for slot in self.slots[FULL]}
        if any(behind[slot.name] != slot.behind for slots in self.slots.values() for slot in slots):
            raise CompileError("The characters of a slot do not stand alike wherever it is.")
        letters = {name: shown(name, behind[name]) for name in LETTERS}
        self.compiled: dict[str, Any] = {"shown": letters, "forms": forms}

    def _form(self, shape: Shape) -> tuple[Any, ...]:
        sheet = a_probe(self.imprint, shape)
        form: list[Any] = []

        def with_holes(_document: object, pdf: Any) -> None:
            page = _page_object(pdf)
            stream = page.data.partition(b"stream\n")[2].removesuffix(b"\nendstream")
            self.slots[shape] = slots = _find_slots(stream, sheet)
            pieces, rests, sums = _deflate_around(stream, slots)
            names = [(slot.name, slot.room) for slot in slots]
            before = names[: [name for name, _ in names].index("values")]
            after = names[len(before) + card.CELLS :]
            form.extend((pieces, tuple(before), tuple(after), rests, sums))
            page.stream, page.extra["Filter"] = [b"".join(pieces)], "/FlateDecode"

        document = typeset.pdf(sheet, self.layout, with_holes)
        pieces = form[0]
        head, found, tail = document.partition(b"".join(pieces))
        if not found or document.count(b"\nendstream") != len(objects(document)) + 1:
            raise CompileError("The file does not hold the page as it was handed over.")
        form[0] = (head + pieces[0], *pieces[1:-1], pieces[-1][:-4], b"", tail)
        return tuple(form)

    def prove(self) -> None:
        """Compare filled files with WeasyPrint's own, object by object."""
        forms = PdfForms(self.compiled)
        for shape in SHAPES:
            # A sample, the same in each run, of a card that never exists.
            sheet = a_sheet(self.imprint, shape, random.Random(repr(shape)))  # noqa: S311
            if objects(forms.fill(sheet)) != objects(typeset.pdf(sheet, self.layout)):
                raise CompileError(f"A filled PDF is not WeasyPrint's own: {shape}, {self.layout}.")


def _page_object(pdf: Any) -> Any:
    """The only stream with text in the file, from now on written without compression."""
    import pydyf

    streams = [found for found in pdf.objects if isinstance(found, pydyf.Stream)]
    pages = [found for found in streams if b"ET" in found.stream]
    if len(pages) != 1:
        raise CompileError(f"{len(pages)} streams of the PDF hold text, not one.")
    pages[0].compress = False
    return pages[0]


def _find_slots(stream: bytes, sheet: card.Sheet) -> list[Slot]:
    """The slots of a probe's page, in reading order."""
    if b"\xff" in stream or b"  " in stream:
        raise CompileError("The page holds the bytes that mark slots and fill them up.")
    texts = [(name, getattr(sheet, name)) for name in ROOM]
    texts += [("values", value) for value in sheet.values] + [("serial", sheet.serial)]
    slots: list[Slot] = []
    for name, text in texts:
        if not text:
            continue
        # A line's first text operator, behind its place and its font.
        operator = rb"1 0 0 -1 (\S+) (\S+) Tm\n/\w+ (\S+) Tf\n\[%s(%s)\] TJ"
        glyphs, advance = font_of(FONTS[name])
        prefix = b"".join(re.escape(glyphs[letter]) + rb"0" for letter in PREFIXES.get(name, ""))
        operand = b"".join(re.escape(glyphs[letter]) + rb"([-.0-9<>]*?)" for letter in text)
        found = [*re.finditer(operator % (prefix, operand), stream)]
        if len(found) != (2 if name == "serial" else 1):
            raise CompileError(f"{name} stands {len(found)} times on the page.")
        match = found[-1 if slots else 0]
        left, baseline, size = (float(match[group]) for group in (1, 2, 3))
        left += len(PREFIXES.get(name, "")) * advance * size
        slots.append(Slot(name, *match.span(4), left, baseline, size, match.groups()[4:]))
        if name in SHORTER and len({*slots[-1].behind}) != 1:
            raise CompileError(f"{name} is shorter on some cards, but spaced.")
    if any(one.end >= other.start for one, other in pairwise(slots)):
        raise CompileError("The slots do not stand in the order in which a card is read.")
    return slots


def _deflate_around(
    stream: bytes, slots: list[Slot]
) -> tuple[list[bytes], tuple[int, ...], tuple[int, int]]:
    """The stream deflated, with room for each slot in a stored block of its own.

    Returns:
        Static pieces and zeros in turn; the bytes behind each slot; both check sums.
    """
    pieces, rests = [b"\x78\xda"], []
    # What was before, for the compressor. No static byte is 0xff, so nothing refers to a slot.
    window, done = b"", 0
    for slot in slots:
        static, room = stream[done : slot.start], slot.room
        pieces[-1] += deflated(static, window)[:-4]
        # The empty block at the end of a flush is widened to hold the slot.
        pieces[-1] += room.to_bytes(2, "little") + (room ^ 0xFFFF).to_bytes(2, "little")
        pieces += [bytes(room), b""]
        window, done = window + static + b"\xff" * room, slot.end
        rests.append(len(window))
    last = stream[done:]
    plain = (window + last).replace(b"\xff", b"\0")
    pieces[-1] = deflated(last, window, zlib.Z_FINISH) + zlib.adler32(plain).to_bytes(4, "big")
    both = zlib.adler32(plain)
    return pieces, tuple(len(plain) - rest for rest in rests), (both & 0xFFFF, both >> 16)


def deflated(data: bytes, before: bytes = b"", flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    """A raw deflate of the data, up to a byte's end, which may refer to what was before."""
    # Fewer bytes of memory to clear: pictures are made of a hundred thousand of these.
    memory = 9 if len(data) > 4096 else 1
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, memory, zdict=before[-32768:])
    return packer.compress(data) + packer.flush(flush)


def objects(document: bytes) -> dict[int, bytes]:
    """The objects of a PDF in their uncompressed form, without what fills up slots.

    The cross-reference stream is left out: it lists the places in the file.
    """
    found = {}
    for match in re.finditer(rb"(\d+) 0 obj\n(<<[^\n]*>>)\nstream\n", document):
        number, about = int(match[1]), match[2]
        length = re.search(rb"/Length (\d+)", about)
        if length is None or b"/Type /XRef" in about:
            continue
        data = document[match.end() : match.end() + int(length[1])]
        if b"/FlateDecode" in about:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(data)
            if not unpacker.eof or unpacker.unused_data:
                raise CompileError("A stream of the PDF is damaged.")
        about = re.sub(rb"/Length \d+|/Filter /FlateDecode", b"", about)
        found[number] = about + re.sub(rb" +\] TJ", b"] TJ", data)
    return found
