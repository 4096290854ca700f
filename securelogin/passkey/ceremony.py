"""The two WebAuthn ceremonies: what a browser is asked, and whether its answer is right.

py_webauthn does the reading and the cryptography. Nothing here knows the data base or a session.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from webauthn import helpers
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

_PATIENCE_MS = 300_000
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_PORTS = {"http": 80, "https": 443}
# What py_webauthn raises on input that no browser sends: its own, and Python's.
_UNREADABLE = (
    WebAuthnException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)

Json = dict[str, Any]


class UnreadableError(Exception):
    """This is not what a browser sends."""


class RefusedError(Exception):
    """Readable, and not the right answer."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: passkeys are made for this name and answer to no other.

    Attributes:
        rp_id: the host. It can never change: every passkey would be lost.
        origin: what a browser says that it talks to.
    """

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What tells a browser which passkey is meant.

    Attributes:
        credential_id: made by the authenticator.
        transports: how it is reached, as it said itself.
    """

    credential_id: bytes
    transports: Sequence[str] = ()

    @property
    def name(self) -> str:
        """Its id as browsers write it."""
        return helpers.bytes_to_base64url(self.credential_id)

    @property
    def descriptor(self) -> PublicKeyCredentialDescriptor:
        """For py_webauthn, which knows only the present transports."""
        known = {transport.value for transport in AuthenticatorTransport}
        return PublicKeyCredentialDescriptor(
            id=self.credential_id,
            transports=[AuthenticatorTransport(name) for name in self.transports if name in known],
        )


@dataclass(frozen=True, slots=True)
class Added:
    """A passkey that was just made.

    Attributes:
        credential: which.
        public_key: in COSE.
        sign_count: of its counter; 0 if it has none.
        aaguid: the make.
        may_sync: it can be on several devices.
        synced: it is.
        verified: the person was recognised, by finger, face or PIN.
    """

    credential: Credential
    public_key: bytes
    sign_count: int
    aaguid: str
    may_sync: bool
    synced: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Proven:
    """A right answer; the names as in `Added`.

    Attributes:
        challenge: to which it is the answer.
        sign_count: as it says.
        synced: now.
        verified: this time.
    """

    challenge: bytes
    sign_count: int
    synced: bool
    verified: bool


def relying_party() -> RelyingParty:
    """From the address of the portal."""
    site = urlsplit(settings.SITE_URL)
    host = site.hostname or ""
    port = "" if site.port in {None, _PORTS.get(site.scheme)} else f":{site.port}"
    return RelyingParty(host, f"{site.scheme}://{host}{port}")


def to_add(
    challenge: str, handle: bytes, username: str, full_name: str, have: Sequence[Credential]
) -> Json:
    """What ``navigator.credentials.create`` is asked.

    Args:
        challenge: in the letters of base64url.
        handle: the client's, random.
        username: shown by the browser when a passkey is chosen.
        full_name: likewise; may be empty.
        have: the client's own: none is made twice on one authenticator.
    """
    options = webauthn.generate_registration_options(
        rp_id=relying_party().rp_id,
        rp_name=settings.BRAND["name"],
        user_id=handle,
        user_name=username,
        user_display_name=full_name or username,
        challenge=helpers.base64url_to_bytes(challenge),
        timeout=_PATIENCE_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[credential.descriptor for credential in have],
        supported_pub_key_algs=_ALGORITHMS,
    )
    return helpers.options_to_json_dict(options)


def to_prove(challenge: str, have: Sequence[Credential]) -> Json:
    """What ``navigator.credentials.get`` is asked.

    Args:
        challenge: in the letters of base64url.
        have: those that may answer.
    """
    options = webauthn.generate_authentication_options(
        rp_id=relying_party().rp_id,
        challenge=helpers.base64url_to_bytes(challenge),
        timeout=_PATIENCE_MS,
        allow_credentials=[credential.descriptor for credential in have],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return helpers.options_to_json_dict(options)


def challenge_in(sent: str, *, adding: bool) -> str:
    """The challenge that a browser's answer says that it is to.

    Args:
        sent: its JSON.
        adding: whether a new passkey was asked for.

    Raises:
        UnreadableError: it is no such answer.
    """
    try:
        credential = (
            helpers.parse_registration_credential_json(sent)
            if adding
            else helpers.parse_authentication_credential_json(sent)
        )
        said = helpers.parse_client_data_json(credential.response.client_data_json)
    except _UNREADABLE as error:
        raise UnreadableError from error
    return helpers.bytes_to_base64url(said.challenge)


def added(sent: str, challenge: str) -> Added:
    """The passkey that a browser has just made.

    Args:
        sent: its JSON.
        challenge: that it has to be an answer to.

    Raises:
        RefusedError: it is not one, not for this site, or not of a kind that we take.
    """
    site = relying_party()
    try:
        credential = helpers.parse_registration_credential_json(sent)
        _refuse_embedded(credential.response.client_data_json)
        # Who made the authenticator decides nothing here, so its statement is not even read: a
        # missing, unknown or broken one never stands in a client's way (63B-4 B.3).
        said = helpers.parse_cbor(credential.response.attestation_object)
        plain = {"fmt": "none", "attStmt": {}, "authData": said["authData"]}
        credential.response.attestation_object = helpers.encode_cbor(plain)
        checked = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=helpers.base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            supported_pub_key_algs=_ALGORITHMS,
        )
        # A key that is none would be found out at the first login.
        helpers.decoded_public_key_to_cryptography(
            helpers.decode_credential_public_key(checked.credential_public_key)
        )
    except _UNREADABLE as error:
        raise RefusedError from error
    transports = [kind.value for kind in credential.response.transports or ()]
    return Added(
        credential=Credential(checked.credential_id, transports),
        public_key=checked.credential_public_key,
        sign_count=checked.sign_count,
        aaguid=checked.aaguid,
        may_sync=checked.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        synced=checked.credential_backed_up,
        verified=checked.user_verified,
    )


def answer_of(sent: str, challenge: str) -> str:
    """A browser's JSON and the challenge that it has to be an answer to, as `proven` takes them."""
    return json.dumps({"challenge": challenge, "sent": sent})


def proven(answer: str, *, credential_id: bytes, public_key: bytes, handle: bytes) -> Proven:
    """Whether this passkey gave this answer, to this challenge, on this site.

    The counter is for the caller to look at: a wrong one is only worth something behind a right
    signature.

    Args:
        answer: from `answer_of`.
        credential_id: of the passkey.
        public_key: of the passkey, in COSE.
        handle: the client's.

    Raises:
        RefusedError: it did not.
    """
    site = relying_party()
    try:
        parts = json.loads(answer)
        challenge = helpers.base64url_to_bytes(parts["challenge"])
        credential = helpers.parse_authentication_credential_json(parts["sent"])
        # SECURITY: the library checks the signature, not whose passkey was meant.
        if credential.raw_id != credential_id or not challenge:
            raise RefusedError
        if (credential.response.user_handle or handle) != handle:
            raise RefusedError
        _refuse_embedded(credential.response.client_data_json)
        checked = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            # Whatever the counter says passes here.
            credential_current_sign_count=0,
        )
    except _UNREADABLE as error:
        raise RefusedError from error
    return Proven(
        challenge, checked.new_sign_count, checked.credential_backed_up, checked.user_verified
    )


def _refuse_embedded(client_data: bytes) -> None:
    """SECURITY: no page of ours runs inside one of another site (WebAuthn 13.4.9)."""
    if helpers.parse_client_data_json(client_data).cross_origin:
        raise RefusedError
