"""Typed readers of the environment that fail loudly.

Every value can also be given as a file: ``SECRET_KEY_FILE=/run/secrets/key`` (django-environ).
A value that is missing or malformed stops the start with a sentence that says what to do.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()

# SECURITY: HMAC-SHA-256 keys shorter than their output weaken every stored answer.
KEY_BYTES = 32
# Of 32 random bytes fewer than 16 different ones practically never come up.
KEY_VARIETY = 16
SECRET_CHARACTERS = 50


def required(name: str) -> str:
    """The text of a variable that has no default.

    Raises:
        ImproperlyConfigured: it is missing or empty.
    """
    value = str(env.str(name, default="")).strip()
    if not value:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE). See .env.example.")
    return value


def contact(name: str, *, default: str) -> str:
    """An address to write to or to call, with its kind in front: ``mailto:security@bank.example``.

    Raises:
        ImproperlyConfigured: none of the kinds that RFC 9116 has, or more than one line.
    """
    value = str(env.str(name, default=default)).strip()
    if not value.startswith(("mailto:", "https://", "tel:")) or len(value.split()) != 1:
        raise ImproperlyConfigured(f"{name} begins with mailto:, https:// or tel:.")
    return value


def secret(name: str) -> str:
    """A long random text, such as Django's SECRET_KEY.

    Raises:
        ImproperlyConfigured: missing, or so short or uniform that it can be guessed.
    """
    value = required(name)
    if len(value) < SECRET_CHARACTERS or len(set(value)) < KEY_VARIETY:
        raise ImproperlyConfigured(
            f"{name} needs at least {SECRET_CHARACTERS} random characters. See .env.example."
        )
    return value


def keys(name: str) -> tuple[tuple[str, bytes], ...]:
    """A keyring: ``id:base64,id:base64``, the key in use first, older ones behind it.

    Returns:
        Pairs of key id and key of at least 32 bytes, in the given order.

    Raises:
        ImproperlyConfigured: missing, malformed, too short, not random, or an id or a key
            given twice.
    """
    ring: dict[str, bytes] = {}
    for part in required(name).split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        # SECURITY: the message names the variable and the id, never the key.
        if not key_id or len(key_id) > 16 or len(key) < KEY_BYTES:
            raise ImproperlyConfigured(
                f"{name}: every entry is id:base64 with at least {KEY_BYTES} bytes of key "
                "and an id of 1 to 16 characters."
            )
        if len(set(key)) < KEY_VARIETY:
            raise ImproperlyConfigured(f"{name}: the key {key_id} is not random.")
        if key_id in ring or key in ring.values():
            raise ImproperlyConfigured(f"{name}: the same id or key is given twice.")
        ring[key_id] = key
    return tuple(ring.items())


def refuse_shared(**rings: Sequence[tuple[str, bytes]]) -> None:
    """Whoever learns one key must not have learned what another ring guards.

    Raises:
        ImproperlyConfigured: a key stands in two rings.
    """
    for (name, ring), (other, other_ring) in combinations(rings.items(), 2):
        if {key for _, key in ring} & {key for _, key in other_ring}:
            raise ImproperlyConfigured(f"{name} and {other} must not share a key.")


def numbers(name: str) -> dict[str, Any]:
    """A JSON object, empty if the variable is missing.

    Raises:
        ImproperlyConfigured: it is something else.
    """
    try:
        value = env.json(name, default={})
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f'{name} must be JSON such as {{"card_days": 14}}.')
    return value


def number(name: str, *, default: int) -> int:
    """How many of something: a whole number of at least one.

    Raises:
        ImproperlyConfigured: it is something else.
    """
    try:
        value = int(env.int(name, default=default))
    except ValueError:
        value = 0
    if value < 1:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least 1.")
    return value


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def networks(name: str) -> Sequence[Any]:
    """IP networks (``10.0.0.0/8,fd00::/8``) of the proxies whose X-Forwarded-For is believed.

    Raises:
        ImproperlyConfigured: an entry is not an IP network.
    """
    try:
        return tuple(
            ipaddress.ip_network(part) for part in env.list(name, default=[]) if part.strip()
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from error
