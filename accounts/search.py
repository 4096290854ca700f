"""How the desk compares what an agent types with what is on file. Pure.

Accents, case, hyphens and the way a phone number was written down make no difference.
"""

from __future__ import annotations

import re
import unicodedata

# Fewer digits would find half of all phone numbers.
LEAST_DIGITS = 6
# Nobody types more; each word more is one more question to the database.
_LONGEST_TERM, _MOST_WORDS = 100, 6
_SEPARATORS = re.compile(r"[^\w@.+]+")
# "+41 (0)44 ...": the zero that is left out where the country is dialled.
_TRUNK_ZERO = re.compile(r"\(0\)")


def clean(term: str) -> str:
    """What an agent typed or pasted, without what cannot be seen, on one line."""
    seen = (char for char in term[:_LONGEST_TERM] if unicodedata.category(char) != "Cf")
    return " ".join("".join(char if char.isprintable() else " " for char in seen).split())


def fold(text: str) -> str:
    """``Anna-Léa MÜLLER`` -> ``anna lea muller``: lower case, no accents, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", bare).strip()


def text_of(*parts: str, phone: str) -> str:
    """What is compared: each word after a space, so that its beginning can be found.

    Args:
        parts: names and addresses.
        phone: as written; its digits are one word.
    """
    return f" {fold(' '.join((*parts, digits_of(phone))))} "


def digits_of(text: str) -> str:
    """``+41 (0)44 555 01 01`` -> ``41445550101``: ASCII digits only, in order."""
    dialled = _TRUNK_ZERO.sub("", text)
    return "".join(str(int(char)) for char in dialled if char.isdecimal())


def needles(term: str) -> list[str]:
    """What must all occur in a client's text; empty if the term has nothing to look for.

    A phone number, six digits or more and no letter, is found by any part of it, with or
    without the zeros that are dialled before it; words are found by their beginnings.
    """
    digits = digits_of(term)
    if len(digits) >= LEAST_DIGITS and not any(char.isalpha() for char in term):
        bare = digits.lstrip("0")
        return [bare if len(bare) >= LEAST_DIGITS else digits]
    words = [word for word in fold(term).split() if any(char.isalnum() for char in word)]
    return [f" {word}" for word in words[:_MOST_WORDS]]
