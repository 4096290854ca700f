"""Mistakes of configuration that would open a hole or break a page, named at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django_otp import device_classes

from securelogin import append_only
from securelogin.conf import policy
from securelogin.registry import device_types

# OWASP password storage: Argon2id with at least 19 MiB and two passes, or its equals.
MINIMUM_COST = 19456 * 2


@register(Tags.security)
def every_device_has_a_type(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """E001: a django-otp device without a type would open sessions that no rule governs."""
    known = {config.device_model for config in device_types()}
    return [
        Error(
            f"{model._meta.label} is a django-otp device without a device type.",
            hint="Its apps.py needs one DeviceTypeConfig with `default = True`.",
            id="securelogin.E001",
        )
        for model in device_classes()
        if model not in known
    ]


@register(Tags.security)
def policy_is_sound(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """E002: a number outside its bounds."""
    try:
        policy()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="securelogin.E002")]
    return []


@register(Tags.database)
def the_trail_is_append_only(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **_kwargs: Any,
) -> list[CheckMessage]:
    """W002: a trigger that keeps the audit trail as it was written is gone. Looked at by
    ``migrate``, and by ``check --database default``."""
    return [
        Warning(
            f"The trigger {name} is missing: the audit trail can be changed.",
            hint="Find out who dropped it; `manage.py verify_events` says what was done since.",
            id="securelogin.W002",
        )
        for alias in databases or ()
        for name in append_only.missing(connections[alias])
    ]


@register(Tags.security, deploy=True)
def answers_are_costly(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """W001: answers hashed more cheaply than OWASP's minimum."""
    memory, passes, _lanes = settings.ANSWER_HASH_COST
    if memory * passes >= MINIMUM_COST:
        return []
    return [Warning("ANSWER_HASH_COST is below 19456 KiB in two passes.", id="securelogin.W001")]
