"""``{% load portal %}``: moments and digits in words."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from accounts.models import User
from securelogin import moments
from securelogin.conf import policy
from securelogin.protection import Protection

register = template.Library()


@register.filter
def moment(value: datetime | None) -> str:
    """``14 August 2025, 23:59 (Zurich time)`` in the active zone; empty for None."""
    return moments.describe(value, timezone.get_current_timezone_name()) if value else ""


@register.filter
def both_zones(value: datetime | None, client: User) -> str:
    """A moment in the active zone and in the client's, for the desk; empty for None."""
    desk_zone = timezone.get_current_timezone_name()
    return moments.describe_both(value, desk_zone, client.time_zone) if value else ""


@register.filter
def day(value: datetime | None) -> str:
    """``14 August 2025`` in the active zone; empty for None."""
    return moments.day(value, timezone.get_current_timezone_name()) if value else ""


@register.filter
def withdrawal_limits(level: Protection) -> str:
    """``USD 50,000 a day, USD 100,000 in five business days``."""
    return str(policy().withdrawal_limits(level))


@register.filter
def spaced(value: object) -> str:
    """``482`` -> ``4 8 2``, for reading digit by digit."""
    return " ".join(str(value))
