"""The secrets of one run, known because the test made them, and a search for them in a text."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from itertools import chain

from django.conf import settings

from securelogin import codes
from securelogin.security_card import challenge

# Index number and value close together: that many of them are no accident.
PAIRS_BY_ACCIDENT = 6


def spellings(secret: bytes) -> set[str]:
    """A secret of bytes in the ways in which it could be written down."""
    plain, safe = base64.b64encode(secret), base64.urlsafe_b64encode(secret)
    return {
        secret.hex(),
        plain.decode().rstrip("="),
        safe.decode().rstrip("="),
        secret.decode("latin-1"),
        repr(secret)[2:-1],
    }


@dataclass
class Canaries:
    """All secrets known so far.

    Attributes:
        words: never to be found anywhere: keys, nonces, answers.
        spoken: Temporary Codes, as patterns that forgive what stands between the groups.
        hashes: found in their own columns, and nowhere else.
        cells: index number and value of each cell of the cards.
        contact: patterns of addresses and phone numbers, which the desk sees masked.
    """

    words: set[str] = field(default_factory=set)
    spoken: set[str] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    cells: set[tuple[int, str]] = field(default_factory=set)
    contact: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.words.add(settings.SECRET_KEY)
        rings = (getattr(settings, ring) for ring in settings.KEY_RINGS)
        for _key_id, key in chain(*rings):
            self.words |= spellings(key)

    def add_code(self, digits: str, digest: bytes) -> None:
        """A Temporary Code, as typed and as read out."""
        groups = codes.groups(digits)
        self.spoken |= {r"\D{0,150}".join(groups), r"[^a-z]{1,150}".join(codes.words(digits))}
        self.hashes |= spellings(digest)

    def add_card(self, order: bytes, values: tuple[str, ...], hashes: bytes) -> None:
        """A card: its cells, its 112 answers and their hashes (48 bytes each)."""
        self.cells |= set(enumerate(values, start=1))
        self.words |= set(challenge.answers(order, values))
        self.hashes |= {hashes[at : at + 48].hex() for at in range(0, len(hashes), 48)}

    def add_check(self, number: str, digest: bytes) -> None:
        """A check number, as sent, and its hash."""
        self.words.add(number)
        self.hashes |= spellings(digest)

    def add_contact(self, *addresses: str, phone: str) -> None:
        """How a client is reached."""
        self.contact |= {re.escape(address) for address in addresses}
        self.contact.add(r"\D{0,3}".join(char for char in phone if char.isdecimal()))

    def contact_in(self, text: str) -> list[str]:
        """The addresses and numbers that the text holds."""
        plain = re.sub(r"<[^>]+>", " ", text)
        return sorted(found for found in self.contact if re.search(found, plain, re.IGNORECASE))

    def found_in(self, text: str, *, hashes: bool = True) -> list[str]:
        """The secrets that the text holds."""
        wanted = self.words | self.hashes if hashes else self.words
        found = [word for word in wanted if len(word) > 6 and word in text]
        text = re.sub(r"<[^>]+>", " ", text)
        found += [code for code in self.spoken if re.search(code, text)]
        numbers = set(re.findall(r"(?<![0-9A-Za-z])[0-9]{6}(?![0-9A-Za-z])", text))
        found += sorted(numbers & self.words)
        near = re.findall(r"(?<!\d)(\d{1,3})\D{1,20}(?=(\d{3})(?!\d))", text)
        pairs = {(int(index), value) for index, value in near} & self.cells
        return found + ([f"{len(pairs)} cells"] if len(pairs) > PAIRS_BY_ACCIDENT else [])
