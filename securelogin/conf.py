"""Reads the policy from Django's settings, once, and again when a test overrides them."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from securelogin.policy import Policy


@cache
def policy() -> Policy:
    """The policy in force.

    Raises:
        ImproperlyConfigured: settings.SECURELOGIN has an unknown or refused number.
    """
    try:
        return Policy.of(settings.SECURELOGIN)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(str(error)) from error


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting == "SECURELOGIN":
        policy.cache_clear()


setting_changed.connect(_forget)
