"""Names an address of the portal for which no browser makes a passkey."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from securelogin.passkey.ceremony import relying_party


@register(Tags.security)
def site_can_have_passkeys(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """E012: no host. W012: an IP address; every passkey is refused, everything else works."""
    host = relying_party().rp_id
    if not host:
        return [Error("SITE_URL has no host name.", id="securelogin.E012")]
    try:
        ip_address(host)
    except ValueError:
        return []
    return [
        Warning(
            f"SITE_URL is at the IP address {host}: browsers make passkeys for names only.",
            hint="Use the host name that clients type. It can never change: see docs/operations.md",
            id="securelogin.W012",
        )
    ]
