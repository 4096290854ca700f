"""The geometry of a small bar chart, drawn on the server. Pure.

Whole numbers of a fixed drawing area; the page scales it. Colours are the style sheet's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
_LEFT, _TOP, _BOTTOM = 32, 24, 24
_GAP = 4
_LABEL_EVERY = 5


@dataclass(frozen=True, slots=True)
class Value:
    """What one bar stands for.

    Attributes:
        label: below the bar.
        number: 0 or more.
        is_marked: gets a mark above it.
    """

    label: str
    number: int
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing area.

    Attributes:
        value: what it stands for.
        x: left edge.
        y: upper edge.
        width: of the bar.
        height: 0 for nothing.
        shows_label: the others would run into each other.
    """

    value: Value
    x: int
    y: int
    width: int
    height: int
    shows_label: bool

    @property
    def middle(self) -> int:
        """Where its texts stand."""
        return self.x + self.width // 2

    @property
    def above(self) -> int:
        """The line of the text above it."""
        return self.y - 4


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing.

    Attributes:
        bars: from left to right.
        greatest: the greatest number; its bar is as high as there is room.
    """

    bars: tuple[Bar, ...]
    greatest: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def base(self) -> int:
        """The line on which the bars stand."""
        return HEIGHT - _BOTTOM

    @property
    def below(self) -> int:
        """The line of the labels."""
        return HEIGHT - 6


def chart(values: Sequence[Value]) -> Chart:
    """The drawing of these numbers."""
    greatest = max((value.number for value in values), default=0)
    room = HEIGHT - _TOP - _BOTTOM
    slot = (WIDTH - _LEFT) // max(1, len(values))
    bars = []
    for position, value in enumerate(values):
        # Whatever is there can be seen, however small it is beside the greatest.
        height = max(2, room * value.number // greatest) if value.number else 0
        bars.append(
            Bar(
                value=value,
                x=_LEFT + position * slot,
                y=HEIGHT - _BOTTOM - height,
                width=max(1, slot - _GAP),
                height=height,
                # Counted from the right: the latest one always says what it is.
                shows_label=(len(values) - 1 - position) % _LABEL_EVERY == 0,
            )
        )
    return Chart(tuple(bars), greatest)
