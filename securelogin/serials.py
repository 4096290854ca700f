"""Serials: what names a device on paper, on a page and on the telephone. No secret, no order.

The alphabet has no two characters that look alike, and the last of the eight checks the
others. Pure.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from securelogin.codes import RandomSource

# Without the pairs that are mixed up by eye or ear: 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V. Its 23
# characters are a prime number, which the check character needs.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
_MODULUS = len(ALPHABET)
_LENGTH = 8
_SHORT_LENGTH = 4
_SEPARATORS = frozenset({"Zs", "Pd", "Cf", "Cc"})


def _checksum(characters: str) -> int:
    """Zero for the eight characters of a true serial.

    The weights 8 to 1 and their differences are no multiples of 23, so every wrong character
    and every swap of two neighbours (different ones) changes the sum.
    """
    weights = range(_LENGTH, 0, -1)
    pairs = zip(weights, characters, strict=True)
    return sum(weight * ALPHABET.index(character) for weight, character in pairs) % _MODULUS


@dataclass(frozen=True, slots=True)
class Serials:
    """The serials that begin with one prefix.

    Attributes:
        prefix: capitals, such as ``OSC``.
    """

    prefix: str

    def draw(self, rng: RandomSource) -> str:
        """A random serial such as ``OSC-7K3M-49QF``.

        It says nothing about the client or the time, and opens nothing.

        Args:
            rng: ``random.SystemRandom``, or a seeded source in tests.
        """
        body = "".join(ALPHABET[rng.randrange(_MODULUS)] for _ in range(_LENGTH - 1))
        check = ALPHABET[-_checksum(body + ALPHABET[0]) % _MODULUS]
        return f"{self.prefix}-{body[:4]}-{body[4:]}{check}"

    def normalise(self, text: str) -> str:
        """A serial as it is stored, from what a person typed: ``osc 7k3m49qf`` is forgiven.

        Returns:
            ``OSC-XXXX-XXXX`` if the text has the right length, otherwise the text in capitals
            without separators. Whether it is a serial, `is_serial` says.
        """
        kept = "".join(
            character
            for character in unicodedata.normalize("NFKC", text).upper()
            if unicodedata.category(character) not in _SEPARATORS
        )
        if kept.startswith(self.prefix) and len(kept) == len(self.prefix) + _LENGTH:
            body = kept.removeprefix(self.prefix)
            return f"{self.prefix}-{body[:4]}-{body[4:]}"
        return kept

    def is_serial(self, text: str) -> bool:
        """Whether the text is one. Case, spaces and hyphens are forgiven, typing errors not."""
        serial = self.normalise(text)
        characters = serial.removeprefix(f"{self.prefix}-").replace("-", "")
        return (
            serial.startswith(f"{self.prefix}-")
            and len(characters) == _LENGTH
            and set(characters) <= set(ALPHABET)
            and _checksum(characters) == 0
        )

    def short(self, serial: str) -> str:
        """A device's short name on pages and in file names: the last four characters."""
        return self.normalise(serial)[-_SHORT_LENGTH:]

    def serial_in(self, text: str) -> str:
        """The serial that a person typed, with or without the prefix; empty if it is none."""
        for candidate in (text, f"{self.prefix}{text}"):
            if self.is_serial(candidate):
                return self.normalise(candidate)
        return ""

    def short_in(self, text: str) -> str:
        """The last four characters of a serial that a person typed as they are printed: ``49QF``.

        Letters alone in lower case are a name, and no serial. Empty if it is none.
        """
        short = self.normalise(text)
        right = len(short) == _SHORT_LENGTH and set(short) <= set(ALPHABET)
        as_printed = not text.islower() or any(char.isdigit() for char in text)
        return short if right and as_printed else ""
