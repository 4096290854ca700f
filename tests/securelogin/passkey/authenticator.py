"""An authenticator in software, with the browser around it: makes passkeys and signs with them.

Written from the specification, not with the library that the portal verifies with; only CBOR is
shared.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, MAY_SYNC, SYNCED, WITH_KEY = 0x01, 0x04, 0x08, 0x10, 0x40
ORIGIN = "http://testserver"
RP_ID = "testserver"

Json = dict[str, Any]


def text(value: bytes) -> str:
    """Bytes as browsers write them."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def in_bytes(value: str) -> bytes:
    """The other way round."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class Authenticator:
    """One passkey; what it says of itself, and of the site, can be set to anything.

    Attributes:
        verifies: the person, by finger, face or PIN.
        present: the person touched it.
        may_sync: it can be on several devices.
        synced: it is.
        counts: whether it has a counter.
        count: the last value of that counter.
        origin: where the browser is.
        rp_id: for whom it is made and used.
        embedded: the page stands inside one of another site.
        handle: of the client, as it was made with.
    """

    verifies: bool = True
    present: bool = True
    may_sync: bool = False
    synced: bool = False
    counts: bool = True
    count: int = 0
    origin: str = ORIGIN
    rp_id: str = RP_ID
    embedded: bool = False
    handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def cose(self) -> bytes:
        """The public key, as RFC 9053 writes it: EC2, ES256, P-256."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return bytes(encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y}))

    def make(self, options: Json, *, statement: Json | None = None, **changed: Any) -> str:
        """Answer ``navigator.credentials.create``.

        Args:
            options: the ``publicKey`` of the page.
            statement: an attestation; none by default.
            changed: parts of the answer that shall be something else.
        """
        self.handle = in_bytes(options["user"]["id"])
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + changed.pop("cose", self.cose)
        data = self._data(WITH_KEY) + attested
        whole = {"fmt": "none", "attStmt": {}, **(statement or {}), "authData": data}
        response = {
            "clientDataJSON": text(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": text(encode_cbor(whole)),
            "transports": ["internal", "of-the-future"],
        }
        return self._sent({**response, **changed})

    def sign(self, options: Json, **changed: Any) -> str:
        """Answer ``navigator.credentials.get``, with the next value of the counter.

        Args:
            options: the ``publicKey`` of the page; only the challenge is looked at.
            changed: parts of the answer that shall be something else.
        """
        self.count += self.counts
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data()
        signed = data + hashlib.sha256(client_data).digest()
        response = {
            "clientDataJSON": text(client_data),
            "authenticatorData": text(data),
            "signature": text(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": text(self.handle),
        }
        return self._sent({**response, **changed})

    def _data(self, flags: int = 0) -> bytes:
        flags |= PRESENT * self.present | VERIFIED * self.verifies
        flags |= MAY_SYNC * self.may_sync | SYNCED * self.synced
        host = hashlib.sha256(self.rp_id.encode()).digest()
        return host + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {
            "type": kind,
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": self.embedded,
        }
        return json.dumps(said).encode()

    def _sent(self, response: Json) -> str:
        name = text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
