"""The keys outside the database, and the one way in which an answer is hashed.

An answer of a few digits is stored as HMAC-SHA-256(key, Argon2id(answer, salt)): the salt and
the cost make a stolen table slow to try, the key makes it impossible without the server's
secrets (NIST SP 800-63B-4 3.1.1.2 and 3.1.2.2, ASVS 6.5.2). Each stored answer names its key,
so that keys can be rotated: the first of a ring is in use, older ones still verify.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from argon2.low_level import Type, hash_secret_raw
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

logger = logging.getLogger(__name__)
SALT_BYTES = 16
DIGEST_BYTES = 32


class KeyMissingError(Exception):
    """The key with which something was made is no longer configured."""


def current(ring: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Id and key in use."""
    return ring[0]


def find(ring: Sequence[tuple[str, bytes]], key_id: str) -> bytes:
    """The key of that id.

    Raises:
        KeyMissingError: it was removed. The message names the id only, and so does the line in
            the log: whoever catches this goes on, with an answer that is refused.
    """
    for known, key in ring:
        if known == key_id:
            return key
    logger.error("key missing: %s", key_id)
    raise KeyMissingError(f"No key with the id {key_id!r} is configured.")


def cost_in_use() -> str:
    """Memory in KiB, passes and lanes of Argon2id, as stored beside each hash."""
    return ",".join(str(part) for part in settings.ANSWER_HASH_COST)


@sensitive_variables()
def digest(answer: str, salt: bytes, key: bytes, cost: str) -> bytes:
    """The keyed hash of an answer. Releases the GIL while Argon2id runs.

    Args:
        answer: digits, cleaned.
        salt: 16 random bytes of this answer alone.
        key: at least 32 bytes.
        cost: from `cost_in_use`, or as stored.

    Returns:
        32 bytes.
    """
    memory, passes, lanes = (int(part) for part in cost.split(","))
    slow = hash_secret_raw(answer.encode(), salt, passes, memory, lanes, DIGEST_BYTES, Type.ID)
    return hmac.digest(key, slow, hashlib.sha256)


@sensitive_variables()
def matches(answer: str, salt: bytes, key: bytes, cost: str, expected: bytes) -> bool:
    """Whether the answer has this digest, compared in constant time."""
    return hmac.compare_digest(digest(answer, salt, key, cost), expected)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored of an answer, for columns of these names.

    Attributes:
        salt: 16 bytes.
        digest: 32 bytes.
        key_id: which key of the ring.
        hash_cost: from `cost_in_use`.
    """

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    key_id: str
    hash_cost: str

    def fits(self, answer: str, ring: Sequence[tuple[str, bytes]]) -> bool:
        """Whether this is the answer.

        Raises:
            KeyMissingError: its key was removed.
        """
        key = find(ring, self.key_id)
        return matches(answer, self.salt, key, self.hash_cost, self.digest)


@sensitive_variables()
def seal(answer: str, ring: Sequence[tuple[str, bytes]]) -> Sealed:
    """The keyed slow hash of an answer, with a fresh salt, under the key in use."""
    key_id, key = current(ring)
    salt, cost = secrets.token_bytes(SALT_BYTES), cost_in_use()
    return Sealed(salt, digest(answer, salt, key, cost), key_id, cost)
