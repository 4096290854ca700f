"""Argon2id for passwords, with the memory of many parallel logins in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher

from accounts.password_rules import normalise

if TYPE_CHECKING:
    _Base = BasePasswordHasher
else:
    _Base = object


class NormalisedPasswords(_Base):
    """Mixed into a hasher, so that whoever sets or checks a password takes it in one form."""

    def encode(self, password: str, salt: str) -> str:
        """The hash of the normalised password."""
        return super().encode(normalise(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the normalised password has this hash."""
        return super().verify(normalise(password), encoded)


class PortalArgon2PasswordHasher(NormalisedPasswords, Argon2PasswordHasher):
    """46 MiB, one pass, one lane: OWASP's first choice. Django's default takes 100 MiB for
    each login and eight lanes, which a few parallel sign-ins turn into an outage."""

    memory_cost = 47104
    time_cost = 1
    parallelism = 1
