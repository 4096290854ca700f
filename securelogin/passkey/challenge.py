"""The challenge that a passkey signs: of one browser, for one answer, five minutes long.

A page that asks writes nothing: whether a challenge is ours is told from a code inside it, which
binds it to the session, to what is asked, and to how many answers the session has taken. So any
answer, right or wrong, makes all challenges before it worthless, and no tab is out of date
because another one was opened. Pure: key, session, moment and random bytes are arguments.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from securelogin.lifecycle import is_within

LIFE = timedelta(minutes=5)
NONCE_BYTES = 32
# WebAuthn 14.6.1: as long as can be, and without a meaning.
HANDLE_BYTES = 64
_SECOND_BYTES = 8
_SAID_BYTES = NONCE_BYTES + _SECOND_BYTES


class Purpose(StrEnum):
    """What a browser is asked. SECURITY: an answer to one question is none to the other."""

    PROVE = "prove"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Asker:
    """A session that asks.

    Attributes:
        key: of the server.
        session: the key of the session, which nobody else knows; empty: it asks nothing.
        answered: how many answers it has taken.
        purpose: what it asks.
    """

    key: bytes
    session: str
    answered: int
    purpose: Purpose

    def challenge(self, now: datetime, nonce: bytes) -> str:
        """What is to be signed, in the letters of base64url.

        Args:
            now: aware.
            nonce: `NONCE_BYTES` random bytes.
        """
        said = nonce + int(now.timestamp()).to_bytes(_SECOND_BYTES, "big")
        return base64.urlsafe_b64encode(said + self._code(said)).decode().rstrip("=")

    def asked(self, challenge: str, now: datetime) -> bool:
        """Whether that is what was asked here, lately, and not answered yet.

        Args:
            challenge: as `challenge` writes it.
            now: aware.
        """
        whole = base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))
        said, code = whole[:_SAID_BYTES], whole[_SAID_BYTES:]
        if not self.session or not hmac.compare_digest(code, self._code(said)):
            return False
        second = int.from_bytes(said[NONCE_BYTES:], "big")
        return is_within(LIFE, datetime.fromtimestamp(second, UTC), now)

    @property
    def handle(self) -> bytes:
        """What authenticators shall know a client by who has no passkey yet."""
        return self._digest("handle", b"1") + self._digest("handle", b"2")

    def _code(self, said: bytes) -> bytes:
        return self._digest(f"{self.purpose}\0{self.answered}", said)

    def _digest(self, about: str, said: bytes) -> bytes:
        whole = f"passkey\0{self.session}\0{about}\0".encode() + said
        return hmac.new(self.key, whole, hashlib.sha256).digest()
