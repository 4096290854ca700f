"""Where a card may be while it is drawn: in memory, for a moment, and nowhere else."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from securelogin.security_card import drawing
from securelogin.security_card.drawing import Layout, Memo
from tests.securelogin.security_card.sheets import VALUES, a_sheet, drawn_pdf, drawn_png, uniform

_watched: list[tuple[str, str | int | None]] | None = None


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is not None and event == "open":
        path, mode, flags = arguments
        if (mode and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & 0b11):
            _watched.append((str(path), mode))


@pytest.fixture
def opened_for_writing() -> Iterator[list[tuple[str, str | int | None]]]:
    """The files that this process opens for writing from now on."""
    global _watched
    drawn_png(a_sheet(), Layout.WIDE)  # Python keeps what it compiles at the first import.
    # A hook cannot be taken off again, so it looks whether somebody watches.
    sys.addaudithook(_audit)
    _watched = []
    yield _watched
    _watched = None


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces the drawing by a note of it; a fresh memo."""
    noted: list[str] = []

    def note(sheet: Any, layout: Layout) -> bytes:
        noted.append(layout)
        return f"{layout} {sheet.values}".encode()

    monkeypatch.setattr(drawing, "_typeset", note)
    monkeypatch.setattr(drawing, "_rasterise", lambda document, layout: document)
    monkeypatch.setattr(drawing, "_memo", Memo())
    return noted


def test_nothing_but_fonts_is_written_while_a_card_is_drawn(
    opened_for_writing: list[tuple[str, str | int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from weasyprint.text import fonts

    written: list[bytes] = []

    class Watched(type(Path())):  # type: ignore[misc]
        def write_bytes(self, data: bytes) -> int:
            written.append(data)
            return int(super().write_bytes(data))

    monkeypatch.setattr(fonts, "Path", Watched)
    sheet = a_sheet(brand="Watched Brokerage")
    drawing._rasterise(drawing._typeset(sheet, Layout.WIDE), Layout.WIDE)
    assert sorted(written) == sorted(drawing._font(name) for name in drawing.FONTS)
    # Each of them in the folder of the drawing, which is gone together with it.
    folders = {Path(path).parent for path, _ in opened_for_writing}
    assert [folder.name.startswith("weasyprint-") for folder in folders] == [True]
    gc.collect()
    assert not any(folder.exists() for folder in folders)
    assert len(opened_for_writing) == len(written)


def test_the_same_sheet_is_drawn_once_and_shared_by_pdf_and_wide_picture(
    drawings: list[str],
) -> None:
    for _ in range(3):
        drawing.pdf(a_sheet())
        drawing.png(a_sheet(), Layout.WIDE)
        drawing.png(a_sheet(), Layout.TALL)
    assert drawings == [Layout.WIDE, Layout.TALL]


def test_a_sheet_with_other_values_never_gets_a_kept_drawing(drawings: list[str]) -> None:
    other = a_sheet(values=(*VALUES[:-1], "000"))
    assert drawing.pdf(a_sheet()) != drawing.pdf(other)
    assert len(drawings) == 2


def test_a_forgotten_card_is_kept_in_no_form(drawings: list[str]) -> None:
    drawing.pdf(a_sheet())
    drawing.png(a_sheet(), Layout.WIDE)
    drawing.png(a_sheet(), Layout.TALL)
    kept = uniform("123")
    drawing.pdf(kept)
    drawing.forget(a_sheet())
    assert list(drawing._memo._kept) == [drawing._key(kept, "pdf")]


def test_a_kept_drawing_goes_away_by_itself() -> None:
    memo = Memo(seconds=0.05)
    memo.get(b"key", lambda: b"drawn")
    deadline = time.monotonic() + 60
    while memo._kept and time.monotonic() < deadline:
        time.sleep(0.01)
    assert memo._kept == {}


def test_only_the_last_eight_drawings_are_kept() -> None:
    memo = Memo()
    for number in range(9):
        memo.get(bytes([number]), lambda: b"drawn")
    assert list(memo._kept) == [bytes([number]) for number in range(1, 9)]


def test_eight_requests_at_once_get_one_drawing() -> None:
    memo, drawn, ready = Memo(), [], threading.Barrier(8)

    def draw() -> bytes:
        drawn.append(1)
        return b"drawn"

    def ask(_number: int) -> bytes:
        ready.wait(timeout=60)
        return memo.get(b"key", draw)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {b"drawn"}
    assert drawn == [1]


def test_eight_threads_draw_equal_bytes_and_the_process_lives() -> None:
    sheet = a_sheet()
    document = drawn_pdf(sheet)

    def draw(number: int) -> tuple[str, bytes]:
        if number % 4 == 0:
            return "pdf", drawing._typeset(sheet, Layout.WIDE)
        return "png", drawing._rasterise(document, Layout.WIDE)

    with ThreadPoolExecutor(8) as pool:
        drawn = set(pool.map(draw, range(8)))
    assert len(drawn) == 2
    assert ("pdf", document) in drawn
