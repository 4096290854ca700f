"""Which two index numbers are asked, and what the right answer is.

When a card is made, its 224 index numbers are shuffled once into 112 fixed pairs. Challenge
*n* is pair *n* and stays until it is answered: reload, another browser, a wrong answer or a
restart change nothing, so nobody can draw again until a pair comes up that they know. Each
cell serves once (NIST SP 800-63B-4 3.1.2.2): one pair activates, 111 sign in.

Pure: standard library only, the source of randomness is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from securelogin.codes import RandomSource
from securelogin.security_card.card import CELLS, VALUE_DIGITS, column_range

PAIRS = CELLS // 2
ANSWER_DIGITS = 2 * VALUE_DIGITS
SIGN_INS = PAIRS - 1


@dataclass(frozen=True, slots=True)
class Pair:
    """The two index numbers of one challenge, in the order in which they are asked."""

    first: int
    second: int

    @property
    def first_range(self) -> tuple[int, int]:
        """First and last index number of the column that holds the first."""
        return column_range(self.first)

    @property
    def second_range(self) -> tuple[int, int]:
        """First and last index number of the column that holds the second."""
        return column_range(self.second)


def shuffle(rng: RandomSource) -> bytes:
    """All index numbers, 1 to 224, in random order (Fisher and Yates): 224 bytes.

    Args:
        rng: an approved source (``random.SystemRandom``; NIST SP 800-63B-4 3.1.2.1).
    """
    order = bytearray(range(1, CELLS + 1))
    for last in range(CELLS - 1, 0, -1):
        other = rng.randrange(last + 1)
        order[last], order[other] = order[other], order[last]
    return bytes(order)


def pair(order: bytes, number: int) -> Pair | None:
    """Challenge ``number`` (0 to 111) of a card with this order; None when all are used."""
    if not 0 <= number < PAIRS or len(order) != CELLS:
        return None
    return Pair(order[2 * number], order[2 * number + 1])


def answers(order: bytes, values: Sequence[str]) -> list[str]:
    """The right answer of each challenge, six digits, in the order of the challenges.

    Args:
        order: from `shuffle`.
        values: the 224 values, index 1 first.
    """
    return [values[order[at] - 1] + values[order[at + 1] - 1] for at in range(0, 2 * PAIRS, 2)]


def is_index_numbers(asked: Pair, entered: str) -> bool:
    """Whether the index numbers were typed instead of the values (the likeliest mistake).

    Args:
        asked: the open challenge.
        entered: digits, cleaned.
    """
    plain = f"{asked.first}{asked.second}"
    padded = f"{asked.first:03}{asked.second:03}"
    return entered in {plain, padded}
