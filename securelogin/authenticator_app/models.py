"""The authenticator app as a device: its key, encrypted, and the step that it served last."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables
from django_otp import oath
from django_otp.models import DeviceManager

from securelogin import keys
from securelogin.authenticator_app import rules
from securelogin.fields import KeyIdField
from securelogin.keys import KeyMissingError
from securelogin.models import lock_client
from securelogin.permanent import PermanentDevice, PermanentDeviceQuerySet
from securelogin.sealed import Sealed, seal, unseal
from securelogin.verdict import Verdict

if TYPE_CHECKING:
    from accounts.models import User

_BATCH = 500


@sensitive_variables()
def code_at(key: bytes, step: int) -> str:
    """The code of a step (RFC 6238 with SHA-1: the one that every app knows)."""
    return f"{oath.hotp(key, step, rules.DIGITS):0{rules.DIGITS}d}"


def owner_mark(user_id: int, serial: str) -> str:
    """What a key is sealed for."""
    return f"authenticator_app/{user_id}/{serial}"


class AuthenticatorAppQuerySet(PermanentDeviceQuerySet):
    """Adding an app, and keeping its key."""

    @sensitive_variables()
    def add(
        self, user: User, *, name: str, serial: str, key: bytes, step: int
    ) -> tuple[AuthenticatorApp, bool]:
        """Add the app that has just proven its key; a form that is sent twice adds one.

        Args:
            user: the owner.
            name: what the owner calls it; may be empty.
            serial: under which the key was shown.
            key: 20 bytes.
            step: of the code that proved it, which does not serve again.

        Returns:
            The row, and whether this call added it.

        Raises:
            TooManyDevicesError: as in `enrol`.
        """
        with transaction.atomic():
            lock_client(user)
            known = self.of(user).filter(serial=serial).first()
            if known is not None:
                return known, False
            sealed = seal(key, owner_mark(user.pk, serial), settings.SEED_KEYS)
            row: AuthenticatorApp = self.enrol(
                user,
                name=name,
                serial=serial,
                sealed_key=sealed.token,
                key_id=sealed.key_id,
                accepted_step=step,
            )
        return row, True

    def reencrypt(self) -> tuple[int, int]:
        """Encrypt anew, under the key in use, what another one encrypted. Safe at any time.

        Returns:
            How many rows were, and how many could not be opened.
        """
        in_use, _key = keys.current(settings.SEED_KEYS)
        older = self.open().exclude(key_id=in_use).order_by("pk")
        done = failed = last = 0
        while batch := list(older.filter(pk__gt=last)[:_BATCH]):
            for row in batch:
                try:
                    done += row.reencrypt()
                except KeyMissingError:
                    failed += 1
            last = batch[-1].pk
        return done, failed


AuthenticatorAppManager = DeviceManager.from_queryset(AuthenticatorAppQuerySet)


class AuthenticatorApp(PermanentDevice):
    """One entry in one app of one client."""

    sealed_key = models.BinaryField(editable=False)
    key_id = KeyIdField("SEED_KEYS", needed=Q(ended_at=None))
    # The step of the code that served last (RFC 6238 5.2): no code of it or before serves again.
    accepted_step = models.BigIntegerField()

    secret_columns: ClassVar[dict[str, bytes]] = {"sealed_key": b""}
    # The step of the code that is being judged; in memory only.
    _judged_step = 0

    # The plugin takes the base's manager for the declared type.
    objects: ClassVar[Any] = AuthenticatorAppManager()  # type: ignore[assignment]

    class Meta(PermanentDevice.Meta):
        abstract = False
        verbose_name = "Authenticator app"
        verbose_name_plural = "Authenticator apps"

    @property
    def _sealed(self) -> Sealed:
        return Sealed(bytes(self.sealed_key), self.key_id)

    @sensitive_variables()
    def _key(self) -> bytes:
        mark = owner_mark(self.user_id, self.serial)
        return unseal(self._sealed, mark, settings.SEED_KEYS)

    @sensitive_variables()
    def judge(self, answer: str, now: datetime) -> Verdict:
        """Whether it is the code of now, or of half a minute before or after."""
        try:
            key = self._key()
        except KeyMissingError:
            return Verdict.KEY_MISSING
        verdict, self._judged_step = rules.judge(
            answer, lambda step: code_at(key, step), rules.step_at(now), self.accepted_step
        )
        return verdict

    @property
    def unused(self) -> dict[str, Any]:
        """No code of this step, nor of a later one, has served meanwhile."""
        return {**super().unused, "accepted_step__lt": self._judged_step}

    @property
    def used(self) -> dict[str, Any]:
        """From here on none of it does."""
        return {**super().used, "accepted_step": self._judged_step}

    @sensitive_variables()
    def reencrypt(self) -> bool:
        """Seal the key anew, under the first key of the ring.

        Returns:
            Whether this call did; False if another one had, or the device has ended.

        Raises:
            KeyMissingError: the key that it is sealed with is gone.
        """
        sealed = seal(self._key(), owner_mark(self.user_id, self.serial), settings.SEED_KEYS)
        # One conditional UPDATE: a device that ended meanwhile gets no key back.
        mine = type(self).objects.open().filter(pk=self.pk, key_id=self.key_id)
        return bool(mine.update(sealed_key=sealed.token, key_id=sealed.key_id))
