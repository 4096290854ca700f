"""What browsers report that they refused to load: the first sign of injected markup.

Anybody may post here, so a report is a rumour: it is written once a minute for each kind, and
only its harmless parts are written down. SECURITY: never the page's address with its query, nor
the sample of the code, which may hold what the page held.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from securelogin.access import Access, needs

logger = logging.getLogger(__name__)
PATH = "/csp-report/"
_LONGEST = 100
_SILENT_SECONDS = 60
_LINES_PER_MINUTE = 60
_UNSAFE = re.compile(r"[^\w.:/-]")


@needs(Access.NONE)
@csrf_exempt  # the browser sends it by itself, with no form
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """204, whatever was sent; both formats, ``report-uri`` and ``report-to``."""
    for parts in _read(request.body):
        key = hashlib.sha256(repr(parts).encode()).hexdigest()
        if cache.add(f"csp:{key}", 1, _SILENT_SECONDS) and _is_bearable():
            logger.warning("csp refused %s from %s on %s", *parts)
    return HttpResponse(status=204)


def _is_bearable() -> bool:
    """SECURITY: a flood of invented reports must not fill the log."""
    cache.add("csp:lines", 0, _SILENT_SECONDS)
    try:
        return bool(cache.incr("csp:lines") <= _LINES_PER_MINUTE)
    except ValueError:
        # The minute ended just now, or the cache keeps nothing: then nothing holds a flood back.
        return False


def _read(body: bytes) -> list[tuple[str, str, str]]:
    """Directive, where the refused thing came from, and the path of the page, of each report."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return []
    reports = sent if isinstance(sent, list) else [sent]
    return [found for entry in reports[:5] if (found := _parts(entry))]


def _parts(entry: Any) -> tuple[str, str, str] | None:
    if not isinstance(entry, dict):
        return None
    told = entry.get("csp-report") or entry.get("body")
    if not isinstance(told, dict):
        return None
    directive = told.get("effective-directive") or told.get("effectiveDirective")
    blocked = told.get("blocked-uri") or told.get("blockedURL")
    page = told.get("document-uri") or told.get("documentURL")
    return _plain(directive), _origin(blocked), _path(page)


def _plain(value: object) -> str:
    return _UNSAFE.sub("", str(value))[:_LONGEST] or "-"


def _origin(value: object) -> str:
    """``https://evil.example/x?y`` -> ``https://evil.example``; ``inline`` stays."""
    try:
        parts = urlsplit(str(value))
    except ValueError:
        return "-"
    return _plain(f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.path)


def _path(value: object) -> str:
    try:
        return _plain(urlsplit(str(value)).path)
    except ValueError:
        return "-"
