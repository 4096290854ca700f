"""What a password has to be (NIST SP 800-63B-4 3.1.1.2, ASVS 6.2). Pure.

Length counts, and not to be what a thief tries first. There are no rules about kinds of
characters, and no date on which a good password turns bad.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from accounts.search import fold

# NIST asks for at least 64. Nothing is ever cut off: what is longer is refused in words.
MAX_LENGTH = 256
# Shorter words are parts of too many others to mean anything.
_LEAST_WORD = 3
_LEAST_DIFFERENT = 4


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    RUN = "run"
    OWN_WORDS = "own_words"


def normalise(password: str) -> str:
    """The form that is hashed: NFC, so that one keyboard's ``e`` with an accent is another's.

    NFC and not NFKC: it joins what is the same character and changes nothing else.
    """
    return unicodedata.normalize("NFC", password)


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of names and addresses that do not count in a password.

    ``jane.sample@mail.example`` -> ``jane``, ``sample``, ``mail``, ``example``.
    """
    found = (word for text in texts for word in re.split(r"[\W_]+", fold(text)))
    return frozenset(word for word in found if len(word) >= _LEAST_WORD)


def weakness_of(password: str, own_words: Iterable[str], *, least: int) -> Weakness | None:
    """Why the password is refused, or None. Every character counts once, spaces too.

    Args:
        password: normalised.
        own_words: from `words_of`: what everybody can know about this client and the portal.
        least: how many characters there have to be.
    """
    if len(password) < least:
        return Weakness.SHORT
    if len(password) > MAX_LENGTH:
        return Weakness.LONG
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    if len(steps) == 1 or len(set(password)) < _LEAST_DIFFERENT:
        return Weakness.RUN
    plain = re.sub(r"[\W_]+", "", fold(password))
    # The longest first: of "samples" and "sample" the whole goes.
    words = sorted(own_words, key=len, reverse=True)
    rest = re.sub("|".join(map(re.escape, words)), "", plain) if words else plain
    return Weakness.OWN_WORDS if rest != plain and len(rest) < least else None
