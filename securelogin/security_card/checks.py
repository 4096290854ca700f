"""Names the system libraries that drawing a card needs, before a client has to wait for one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from securelogin.security_card import card, drawing


@register()
def drawing_is_possible(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """W010: sign-in works, but no card can be drawn."""
    missing = drawing.missing_libraries()
    return [Warning(missing, id="securelogin.W010")] if missing else []


@register()
def brand_fits_the_card(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """E011: a name or a phone number that no card has room for."""
    blank = ("000",) * card.CELLS
    serial = card.new_serial(random.Random(0))  # noqa: S311 - a serial for the check alone
    try:
        card.Sheet(
            brand=settings.BRAND["name"],
            serial=serial,
            initials="",
            issued_on="1 Jan 2000",
            lifetime_days=1,
            phone=settings.BRAND["phone"],
            values=blank,
        )
    except ValueError as error:
        return [Error(f"BRAND_NAME or BRAND_PHONE: {error}", id="securelogin.E011")]
    return []
