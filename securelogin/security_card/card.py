"""What an Online Security Code Card is: its numbers, its serial, its values. No Django here.

Pure: standard library only; keys, nonces and the source of randomness are arguments.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from securelogin.serials import Serials

COLUMNS = 8
ROWS = 28
CELLS = COLUMNS * ROWS
VALUE_DIGITS = 3

KEY_BYTES = 32
NONCE_BYTES = 32

SERIALS = Serials("OSC")
new_serial = SERIALS.draw
normalise = SERIALS.normalise
is_serial = SERIALS.is_serial
serial_in = SERIALS.serial_in
short_serial = SERIALS.short
short_serial_in = SERIALS.short_in

# The end of Latin Extended-A, which the bundled subsets of the card's font cover.
_LAST_PRINTED = 0x17F
# Letters up to there that the font has not; compiling the drawing holds this to be true.
_NOT_PRINTED = frozenset("ĈĔĜĤĨĬĴĸĿŊŌŎŖŜŦŨŬ")

# Names the use and the version of the derivation: the same key may serve other uses, and a
# changed derivation gets a new label, so that no two uses ever share a stream.
_VALUES_LABEL = b"securelogin.security_card.values.v1"
_WORD_BYTES = 2
# SECURITY: words from here on are drawn again. 65536 is no multiple of 1000, so without this
# 000 to 535 would come up more often than the others.
_WORD_LIMIT = 2 ** (8 * _WORD_BYTES) // 10**VALUE_DIGITS * 10**VALUE_DIGITS


class Layout(StrEnum):
    """How the card is arranged: for paper and wide screens, or for a phone held upright."""

    WIDE = "wide"
    TALL = "tall"


def column_of(index: int) -> int:
    """The column, 0 to 7, in which an index number (1 to 224) stands; columns read downwards.

    Raises:
        ValueError: there is no such index number.
    """
    if not 1 <= index <= CELLS:
        raise ValueError(f"Index numbers run from 1 to {CELLS}.")
    return (index - 1) // ROWS


def column_range(index: int) -> tuple[int, int]:
    """First and last index number of the column in which ``index`` stands, say ``(29, 56)``.

    The wide and the tall layout have the same columns, so this guides in both.
    """
    return column_ranges()[column_of(index)]


def column_ranges() -> tuple[tuple[int, int], ...]:
    """First and last index number of each of the eight columns, in order."""
    return tuple((first, first + ROWS - 1) for first in range(1, CELLS + 1, ROWS))


def initials_of(*names: str) -> str:
    """The owner hint on the card, ``"J. S."``: tells a household whose it is, a finder nothing.

    Args:
        names: given name, family name; empty ones are left out.

    Returns:
        At most three initials, or ``""`` when one of them is not in the card's font.
    """
    letters = [unicodedata.normalize("NFC", name.strip()).upper()[:1] for name in names]
    letters = [letter for letter in letters if letter][:3]
    if not all(map(_is_printed, letters)):
        return ""
    return " ".join(f"{letter}." for letter in letters)


def _is_printed(letter: str) -> bool:
    return letter.isalpha() and ord(letter) <= _LAST_PRINTED and letter not in _NOT_PRINTED


def derive_values(key: bytes, nonce: bytes) -> tuple[str, ...]:
    """The 224 values of a card, always the same ones for a key and a nonce.

    HMAC-SHA-256 in counter mode (NIST SP 800-108r1, 4.1) with rejection of the words that
    would favour low values, so that each value is uniform and without the key unguessable
    (NIST SP 800-63B-4, 3.1.2.1). Values may repeat; none is left out, as that would say
    something about the others.

    Args:
        key: at least 32 bytes; never in the database.
        nonce: 32 random bytes of this card alone.

    Returns:
        Values of index number 1, 2, ... 224, each three ASCII digits.

    Raises:
        ValueError: key or nonce of a wrong length. Neither is part of the message.
    """
    if len(key) < KEY_BYTES:
        raise ValueError(f"The key needs at least {KEY_BYTES} bytes.")
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"The nonce needs exactly {NONCE_BYTES} bytes.")
    values: list[str] = []
    counter = 0
    while len(values) < CELLS:
        counter += 1
        message = _VALUES_LABEL + nonce + counter.to_bytes(4, "big")
        values += _values_in(hmac.digest(key, message, hashlib.sha256))
    return tuple(values[:CELLS])


def _values_in(block: bytes) -> list[str]:
    words = (
        int.from_bytes(block[start : start + _WORD_BYTES], "big")
        for start in range(0, len(block), _WORD_BYTES)
    )
    return [f"{word % 10**VALUE_DIGITS:0{VALUE_DIGITS}}" for word in words if word < _WORD_LIMIT]


# How much text fits in its place on the card.
_LONGEST = {"brand": 36, "initials": 8, "issued_on": 11, "phone": 60, "ends_at": 28}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_VALUE = re.compile(rf"[0-9]{{{VALUE_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One card as it is drawn. Whoever holds this object holds the card.

    Attributes:
        brand: the firm's name, at most 36 characters.
        serial: ``OSC-7K3M-49QF``.
        initials: ``"J. S."``, or ``""`` when the client wants none.
        issued_on: the day of issue as it is printed, ``24 Jul 2025``, in the client's zone.
        lifetime_days: days for which the card works after its activation.
        phone: Client Services, as it is printed; opening hours may follow the number.
        values: 224 values, index number 1 first. Not in ``repr``.
        language: BCP 47 tag of the texts.
        specimen: a card of a test system, marked as not valid.
        ends_at: already formatted; the fixed end of a card that replaces another, else "".

    Raises:
        ValueError: a field cannot be printed as it is. No value is part of the message.
    """

    brand: str
    serial: str
    initials: str
    issued_on: str
    lifetime_days: int
    phone: str
    # SECURITY: error reports and logs print the repr of what they find.
    values: tuple[str, ...] = field(repr=False)
    language: str = "en"
    specimen: bool = False
    ends_at: str = ""

    def __post_init__(self) -> None:
        for name, longest in _LONGEST.items():
            text = getattr(self, name)
            if len(text) > longest or not text.isprintable() or text != text.strip():
                raise ValueError(f"{name} must be one line of at most {longest} characters.")
            if not text and name not in {"initials", "ends_at"}:
                raise ValueError(f"{name} must not be empty.")
        if not is_serial(self.serial) or self.serial != normalise(self.serial):
            raise ValueError("serial must be a serial in its stored form.")
        if type(self.lifetime_days) is not int or not 1 <= self.lifetime_days <= 365:
            raise ValueError("lifetime_days must lie between 1 and 365.")
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError("language must be a BCP 47 tag.")
        if type(self.values) is not tuple or len(self.values) != CELLS:
            raise ValueError(f"values must be a tuple of {CELLS}.")
        if not all(type(value) is str and _VALUE.fullmatch(value) for value in self.values):
            raise ValueError(f"Each value must be {VALUE_DIGITS} ASCII digits.")
