"""How much of a client's data the desk sees. Pure.

Enough to tell two clients apart and to check what a caller says; not enough to pass on. The
number of dots says nothing about the length of what they hide.
"""

from __future__ import annotations

_DOT = "•"
# Fewer digits are an extension, or nothing: their end would be most of them.
_LEAST_DIGITS = 7
_SHOWN_DIGITS = 3


def masked_username(username: str) -> str:
    """``jane.sample7`` -> ``j•••••7``; of a name of one or two characters less."""
    first = username[:1] if len(username) > 1 else ""
    last = username[-1:] if len(username) > 2 else ""
    return f"{first}{_DOT * 5}{last}"


def masked_email(address: str) -> str:
    """``jane@mail.example`` -> ``j•••@m•••.example``; empty stays empty."""
    if not address:
        return ""
    local, _, domain = address.rpartition("@")
    host, _, top = domain.rpartition(".")
    dots = _DOT * 3
    return f"{local[:1]}{dots}@{host[:1]}{dots}.{top}"


def masked_phone(number: str) -> str:
    """``+41 44 555 01 01`` -> ``••• 101``: the last three digits; empty stays empty."""
    if not number:
        return ""
    digits = "".join(char for char in number if char.isdecimal())
    shown = digits[-_SHOWN_DIGITS:] if len(digits) >= _LEAST_DIGITS else ""
    return f"{_DOT * 3} {shown}".strip()
