"""What rests encrypted: opened by the keys of its ring, for whom it was sealed."""

from __future__ import annotations

import base64
import logging

import pytest
from cryptography.fernet import Fernet

from securelogin.keys import KeyMissingError
from securelogin.sealed import Sealed, seal, unseal

OLD, NEW = ("old", bytes(range(32))), ("new", bytes(range(50, 90)))
SECRET = b"twenty secret bytes!"


def opens(sealed: Sealed, bound_to: str, *ring: tuple[str, bytes]) -> bool:
    """Whether these keys open it for that owner."""
    try:
        return unseal(sealed, bound_to, ring) == SECRET
    except KeyMissingError:
        return False


def test_it_opens_what_it_sealed_and_names_the_key() -> None:
    sealed = seal(SECRET, "1/A", (NEW, OLD))
    assert sealed.key_id == "new"
    assert opens(sealed, "1/A", NEW)
    assert opens(sealed, "1/A", OLD, NEW)


@pytest.mark.parametrize("secret", [b"", b"\0", SECRET * 100])
def test_it_takes_any_length(secret: bytes) -> None:
    assert unseal(seal(secret, "1/A", (OLD,)), "1/A", (OLD,)) == secret


def test_it_is_another_text_each_time_and_never_holds_the_secret() -> None:
    first, second = seal(SECRET, "1/A", (OLD,)), seal(SECRET, "1/A", (OLD,))
    assert first.token != second.token
    assert SECRET not in first.token
    assert first.token.decode() not in repr(first)


@pytest.mark.parametrize("bound_to", ["", "1/B", "2/A", "1/AA", "11/A"])
def test_it_does_not_open_for_another_owner(
    bound_to: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not opens(seal(SECRET, "1/A", (OLD,)), bound_to, OLD)
    assert caplog.messages == ["sealed for another owner, key old"]


def test_it_does_not_open_without_its_key(caplog: pytest.LogCaptureFixture) -> None:
    assert not opens(seal(SECRET, "1/A", (OLD,)), "1/A", NEW)
    assert caplog.messages == ["key missing: old"]


def test_it_does_not_open_with_another_key_of_the_same_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    assert not opens(seal(SECRET, "1/A", (OLD,)), "1/A", ("old", NEW[1]))
    assert caplog.messages == ["sealed with a key old that is another one now"]


def test_every_changed_or_missing_byte_is_noticed() -> None:
    sealed = seal(SECRET, "1/A", (OLD,))
    token = sealed.token
    plain = base64.urlsafe_b64decode(token)
    for at in range(len(plain)):
        changed = plain[:at] + bytes([plain[at] ^ 4]) + plain[at + 1 :]
        assert not opens(Sealed(base64.urlsafe_b64encode(changed), "old"), "1/A", OLD), at
    for broken in (b"", token[:-4], Fernet(Fernet.generate_key()).encrypt(SECRET)):
        assert not opens(Sealed(broken, "old"), "1/A", OLD)
