"""What has to be read again rests encrypted: with Fernet, under a ring outside the database.

`securelogin.keys` hashes what only has to be compared; this is for the rest. The first key of a
ring encrypts, each of them decrypts, and a row names its own, so that keys can be rotated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.views.decorators.debug import sensitive_variables

from securelogin import keys
from securelogin.keys import KeyMissingError

logger = logging.getLogger(__name__)
Ring = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it is stored.

    Attributes:
        token: of Fernet.
        key_id: which key of the ring.
    """

    token: bytes = field(repr=False)
    key_id: str


@sensitive_variables()
def seal(secret: bytes, bound_to: str, ring: Ring) -> Sealed:
    """Encrypt under the key in use.

    Args:
        secret: of any length.
        bound_to: whose it is, such as owner and serial. Needed again to open it.
        ring: of the settings.
    """
    return Sealed(_fernet(ring).encrypt(_mark(bound_to) + secret), keys.current(ring)[0])


@sensitive_variables()
def unseal(sealed: Sealed, bound_to: str, ring: Ring) -> bytes:
    """The secret.

    Raises:
        KeyMissingError: its key was removed, or is another one by now, or it was sealed for
            somebody else. The log says which, and nothing of the secret.
    """
    keys.find(ring, sealed.key_id)
    try:
        plain = _fernet(ring).decrypt(sealed.token)
    except InvalidToken:
        logger.error("sealed with a key %s that is another one now", sealed.key_id)
        raise KeyMissingError("No key of the ring opens it.") from None
    mark = _mark(bound_to)
    # SECURITY: Fernet has no associated data. Without this a row's secret could be copied into
    # another client's row by whoever can write to the database, and would open that account.
    if not hmac.compare_digest(plain[: len(mark)], mark):
        logger.error("sealed for another owner, key %s", sealed.key_id)
        raise KeyMissingError("It was sealed for somebody else.")
    return plain[len(mark) :]


def _mark(bound_to: str) -> bytes:
    """Of one length, so that mark and secret cannot be read apart in two ways."""
    return hashlib.sha256(bound_to.encode()).digest()


@sensitive_variables()
def _fernet(ring: Ring) -> MultiFernet:
    # Fernet wants 32 bytes; a key of a ring may be longer.
    derived = (
        HKDF(SHA256(), length=32, salt=None, info=b"securelogin.sealed").derive(key)
        for _key_id, key in ring
    )
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
