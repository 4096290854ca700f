"""How a key reaches the app: the address and its QR code, read by other programs."""

from __future__ import annotations

import re

import pyotp
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from securelogin.authenticator_app import provisioning

KEY = bytes(range(20))


def drawn(picture: provisioning.Picture, scale: int = 4) -> Image.Image:
    """The path as pixels, black on white."""
    image = Image.new("L", (picture.size * scale, picture.size * scale), 255)
    draw = ImageDraw.Draw(image)
    squares = re.findall(r"M(\d+) (\d+)h1v1h-1z", picture.path)
    assert "".join(f"M{x} {y}h1v1h-1z" for x, y in squares) == picture.path
    for x, y in squares:
        left, top = int(x) * scale, int(y) * scale
        draw.rectangle((left, top, left + scale - 1, top + scale - 1), fill=0)
    return image


def test_an_app_reads_who_and_which_key() -> None:
    address = provisioning.address(KEY, "Example Brokerage", "49QF")
    assert address.startswith("otpauth://totp/Example%20Brokerage:Device%20ending%2049QF?")
    assert "+" not in address
    entry = pyotp.parse_uri(address)
    assert isinstance(entry, pyotp.TOTP)
    assert entry.byte_secret() == KEY
    assert (entry.issuer, entry.name) == ("Example Brokerage", "Device ending 49QF")
    assert (entry.digits, entry.interval) == (6, 30)


@pytest.mark.parametrize("name", ["Bäcker & Söhne: Börse", "A/B?secret=X#", "株式"])
def test_a_name_with_signs_changes_nothing_else(name: str) -> None:
    entry = pyotp.parse_uri(provisioning.address(KEY, name, "49QF"))
    assert isinstance(entry, pyotp.TOTP)
    assert entry.byte_secret() == KEY
    assert entry.issuer == name.replace(":", " ")
    assert entry.name == "Device ending 49QF"


@pytest.mark.parametrize("name", ["X", "Example Brokerage", "A Very Long Name of a Brokerage" * 3])
def test_the_qr_code_says_the_address_and_fits_a_narrow_page(name: str) -> None:
    address = provisioning.address(KEY, name, "49QF")
    picture = provisioning.picture(address)
    assert zxingcpp.read_barcodes(drawn(picture))[0].text == address
    assert picture.pixels <= 240
    assert picture.pixels % picture.size == 0
    assert picture.pixels >= 2 * picture.size


def test_the_qr_code_has_its_quiet_zone() -> None:
    image = drawn(provisioning.picture("otpauth://"), scale=1)
    inside = image.point(lambda value: 255 - value).getbbox()
    assert inside == (4, 4, image.width - 4, image.height - 4)


def test_the_key_as_text_has_160_bits_in_groups_of_four() -> None:
    text = provisioning.as_text(KEY)
    assert re.fullmatch("[A-Z2-7]{32}", text)
    assert pyotp.TOTP(text).byte_secret() == KEY
    groups = provisioning.in_groups(text).split(" ")
    assert [len(group) for group in groups] == [4] * 8
    assert "".join(groups) == text
