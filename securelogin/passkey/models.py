"""The passkey as a device: added, judged, its counter watched."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import IntegrityError, models
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import DeviceManager

from securelogin import notices
from securelogin.models import SecurityEvent, describe_for
from securelogin.passkey import ceremony
from securelogin.passkey.ceremony import Added, Credential, Proven, RefusedError
from securelogin.passkey.challenge import HANDLE_BYTES
from securelogin.permanent import PermanentDevice, PermanentDeviceQuerySet
from securelogin.verdict import Verdict

if TYPE_CHECKING:
    from accounts.models import User

# Ways to reach an authenticator that is neither a phone nor a part of the computer.
_OF_A_KEY = frozenset({"usb", "nfc", "smart-card"})


class PasskeyQuerySet(PermanentDeviceQuerySet):
    """Adding one, and which a browser may be asked for."""

    def add(self, user: User, *, name: str, made: Added, handle: bytes) -> Passkey:
        """Add a passkey that the client's browser has just made.

        Args:
            user: the client.
            name: as in `enrol`.
            made: from `ceremony.added`.
            handle: the client's, as the browser was given it.

        Raises:
            RefusedError: it is known already; nothing tells whose it is. The transaction that
                this is called in has to be rolled back.
            TooManyDevicesError: as `enrol`.
        """
        try:
            row: Passkey = self.enrol(
                user,
                name=name,
                credential_id=made.credential.credential_id,
                credential_digest=hashlib.sha256(made.credential.credential_id).hexdigest(),
                public_key=made.public_key,
                user_handle=handle,
                transports=list(made.credential.transports),
                aaguid=made.aaguid,
                sign_count=made.sign_count,
                may_sync=made.may_sync,
                synced=made.synced,
                verified_when_added=made.verified,
                verified_last=made.verified,
            )
        except IntegrityError as error:
            raise RefusedError from error
        return row

    def latest_first(self) -> Self:
        """As a browser should offer them: the one used last first."""
        return self.order_by(models.F("last_used_at").desc(nulls_last=True), "-pk")

    def handle_of(self, user: User) -> bytes:
        """What authenticators know the client by; empty before the first passkey."""
        known = self.of(user).values_list("user_handle", flat=True).order_by("pk").first()
        return bytes(known or b"")


PasskeyManager = DeviceManager.from_queryset(PasskeyQuerySet)


class Passkey(PermanentDevice):
    """One WebAuthn credential of one client."""

    credential_id = models.BinaryField(max_length=1023)
    # SECURITY: nobody adds a passkey that is another client's, nor one that was removed.
    credential_digest = models.CharField(max_length=64, unique=True, editable=False)
    public_key = models.BinaryField()
    user_handle = models.BinaryField(max_length=HANDLE_BYTES)
    # Four bytes without a sign.
    sign_count = models.PositiveBigIntegerField(default=0)
    # SHA-256 of the challenge of the last right answer, in hex.
    last_challenge = models.CharField(max_length=64, blank=True)
    cloned_at = models.DateTimeField(null=True)
    verified_when_added = models.BooleanField()
    verified_last = models.BooleanField()
    # For display and for the browser alone: nothing is decided by them.
    transports = models.JSONField(default=list)
    aaguid = models.CharField(max_length=36, blank=True)
    may_sync = models.BooleanField(default=False)
    synced = models.BooleanField(default=False)

    noun = "passkey"
    event_words = {
        "verified": {
            "yes": "person verified by fingerprint, face or PIN",
            "no": "person not verified, only a touch",
        }
    }
    secret_columns: ClassVar[dict[str, bytes]] = {"credential_id": b"", "public_key": b""}
    # What the last right answer said, in memory only.
    _proven: Proven | None = None

    # The plugin takes the base's manager for the declared type.
    objects: ClassVar[PasskeyManager] = PasskeyManager()  # type: ignore[assignment]

    class Meta(PermanentDevice.Meta):
        abstract = False
        verbose_name = "Passkey"
        verbose_name_plural = "Passkeys"

    @property
    def credential(self) -> Credential:
        """What browsers know it by."""
        return Credential(bytes(self.credential_id), self.transports)

    @property
    def desk_note(self) -> str:
        """Where it lives, whether it knows its owner, and whether there is a copy."""
        kind = "on one device"
        if self.may_sync:
            kind = "synced" if self.synced else "may be synced"
        elif self.transports and _OF_A_KEY.issuperset(self.transports):
            kind = "security key"
        seen = "person verified" if self.verified_last else "person not verified"
        copied = ""
        if self.cloned_at:
            copied = f"may have been copied, {describe_for(self.user, self.cloned_at)}"
        return ", ".join(filter(None, [kind, seen, copied]))

    @property
    def proof_facts(self) -> dict[str, str]:
        """Whether the person was verified, last time."""
        return {"verified": "yes" if self.verified_last else "no"}

    # Verification -------------------------------------------------------------------------

    @sensitive_variables()
    def judge(self, answer: str, now: datetime) -> Verdict:
        """Whether this very passkey signed this challenge, for this site, and no copy of it."""
        try:
            proven = ceremony.proven(
                answer,
                credential_id=bytes(self.credential_id),
                public_key=bytes(self.public_key),
                handle=bytes(self.user_handle),
            )
        except RefusedError:
            return Verdict.WRONG
        if _digest(proven) == self.last_challenge:
            return Verdict.REPLAYED
        # SECURITY: two authenticators that count apart hold one key. Both 0: it does not count.
        counts = proven.sign_count or self.sign_count
        if counts and proven.sign_count <= self.sign_count:
            return Verdict.CLONED
        self._proven = proven
        return Verdict.ACCEPTED

    @property
    def unused(self) -> dict[str, Any]:
        """The row is as it was when the answer was judged."""
        return {**super().unused, "last_challenge": self.last_challenge}

    @property
    def used(self) -> dict[str, Any]:
        """What the answer said of the passkey."""
        proven = self._proven
        if proven is None:
            return {}
        return {
            "last_challenge": _digest(proven),
            "sign_count": proven.sign_count,
            "synced": proven.synced,
            "verified_last": proven.verified,
        }

    def tell_refusal(self, event: SecurityEvent) -> None:
        """A copy is told to the owner, once a day, and stays on the desk's page."""
        if self.verdict is not Verdict.CLONED:
            return
        now = timezone.now()
        self.cloned_at = now
        self.save(update_fields=["cloned_at"])
        key = f"passkey_cloned:{self.pk}:{now:%Y-%m-%d}"
        notices.queue("passkey_cloned", self.user, event=event, key=key, title=self.title)


def _digest(proven: Proven) -> str:
    return hashlib.sha256(proven.challenge).hexdigest()
