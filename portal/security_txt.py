"""Where somebody who found a weakness can write, as programs look for it (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from securelogin.access import Access, needs

PATH = "/.well-known/security.txt"
# The RFC wants less than a year. Counted from the start of the process: an installation that
# nobody has touched for so long may well have nobody who reads the mails.
_LIFE = timedelta(days=364)
_EXPIRES = (timezone.now() + _LIFE).astimezone(UTC).replace(microsecond=0)


@needs(Access.NONE)
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """One field a line; nothing in it comes from the request."""
    policy = reverse("accounts:privacy")
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {_EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{PATH}",
        f"Policy: {settings.SITE_URL}{policy}#weakness",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
