"""A key before it is proven: in the session of whoever adds it, encrypted, and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin.authenticator_app import rules
from securelogin.authenticator_app.models import AuthenticatorApp, code_at, owner_mark
from securelogin.conf import policy
from securelogin.keys import KeyMissingError
from securelogin.lifecycle import is_within
from securelogin.permanent import SERIALS
from securelogin.sealed import Sealed, seal, unseal

if TYPE_CHECKING:
    from accounts.models import User

SESSION_KEY = "authenticator_app"

Session = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """An app that is being added.

    Attributes:
        serial: what it will be called.
        key: 20 bytes.
        failures: wrong codes so far.
    """

    serial: str
    key: bytes = field(repr=False)
    failures: int

    @property
    def short_serial(self) -> str:
        """The last four characters of the serial."""
        return SERIALS.short(self.serial)

    @sensitive_variables()
    def step_of(self, code: str) -> int | None:
        """The step of a code that is right now; None: it is wrong."""
        present = rules.step_at(timezone.now())
        steps = rules.steps_of(code, lambda step: code_at(self.key, step), present)
        return max(steps) if steps else None

    @sensitive_variables()
    def minutes_off(self, code: str) -> int:
        """As `rules.minutes_off`, for a code that is wrong now."""
        present = rules.step_at(timezone.now())
        return rules.minutes_off(code, lambda step: code_at(self.key, step), present)


@sensitive_variables()
def begin(session: Session, user: User) -> None:
    """Make a key, unless the session has one: two tabs show the same."""
    if load(session, user) is not None:
        return
    serial = AuthenticatorApp.objects.new_serial()
    key = secrets.token_bytes(rules.KEY_BYTES)
    # SECURITY: sessions are rows of the database.
    sealed = seal(key, owner_mark(user.pk, serial), settings.SEED_KEYS)
    session[SESSION_KEY] = {
        "serial": serial,
        "sealed": sealed.token.decode(),
        "key_id": sealed.key_id,
        "at": timezone.now().isoformat(),
        "failures": 0,
    }


@sensitive_variables()
def load(session: Session, user: User) -> Draft | None:
    """The key that this session is adding; None if there is none, or none any more."""
    held = session.get(SESSION_KEY)
    if not held:
        return None
    since = datetime.fromisoformat(held["at"])
    if not is_within(policy().first_device_life, since, timezone.now()):
        return None
    sealed = Sealed(held["sealed"].encode(), held["key_id"])
    try:
        key = unseal(sealed, owner_mark(user.pk, held["serial"]), settings.SEED_KEYS)
    except KeyMissingError:
        return None
    return Draft(held["serial"], key, held["failures"])


def count_failure(session: Session) -> int:
    """One more wrong code; with the last one allowed the key is gone.

    Returns:
        How many are left.
    """
    held = session[SESSION_KEY]
    left: int = policy().activation_attempts - held["failures"] - 1
    if left <= 0:
        forget(session)
        return 0
    session[SESSION_KEY] = {**held, "failures": held["failures"] + 1}
    return left


def forget(session: Session) -> None:
    """Nothing can show the key again."""
    session.pop(SESSION_KEY, None)
