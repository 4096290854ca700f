"""How a key reaches the app: as text, as an address that apps open, as a QR code."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.views.decorators.debug import sensitive_variables
from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

from securelogin.authenticator_app.rules import DIGITS, STEP_SECONDS

_GROUP = 4
# Fits a window of 320 pixels, with the page's margins.
_WIDEST = 240


@dataclass(frozen=True, slots=True)
class Picture:
    """A QR code as one SVG path.

    Attributes:
        size: modules in a row, the quiet zone included.
        pixels: how wide it is drawn: a whole number of pixels for each module.
        path: one square for each dark module.
    """

    size: int
    pixels: int
    path: str


@sensitive_variables()
def as_text(key: bytes) -> str:
    """The key in letters and digits that are not mixed up: 32 of them, base32."""
    return base64.b32encode(key).decode().rstrip("=")


@sensitive_variables()
def in_groups(text: str) -> str:
    """For reading and typing: ``JBSW Y3DP ...``."""
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def label_of(short_serial: str) -> str:
    """What the app shows below the name of the portal.

    SECURITY: the serial, and not the user name, which no mail has either: whoever finds a phone
    open, with the app and the mailbox on it, still has to know whose login it is.
    """
    return f"Device ending {short_serial}"


@sensitive_variables()
def address(key: bytes, issuer: str, short_serial: str) -> str:
    """``otpauth://totp/...``: on a page and in its QR code only.

    Args:
        key: 20 bytes.
        issuer: the portal's name. A colon would end it.
        short_serial: of the device that is being added.
    """
    issuer = issuer.replace(":", " ")
    entries = {
        "secret": as_text(key),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    name = f"{quote(issuer, safe='')}:{quote(label_of(short_serial), safe='')}"
    # Spaces as %20: there are apps that show a plus.
    return f"otpauth://totp/{name}?{urlencode(entries, quote_via=quote)}"


@sensitive_variables()
def picture(text: str) -> Picture:
    """The QR code of a text. A screen has no stains: the lowest correction, the largest modules."""
    code = QRCode(error_correction=ERROR_CORRECT_L)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    squares = (
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return Picture(len(rows), _WIDEST // len(rows) * len(rows), "".join(squares))
