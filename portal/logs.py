"""How every line of the logs looks: one JSON object, whatever it is about.

SECURITY: a line break in an address or a header cannot begin a line of its own (ASVS 16.4.1):
JSON writes it as two characters.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from securelogin import origin

APP_ID = "secure-login-portal"


class JsonFormatter(logging.Formatter):
    """The fields of OWASP's Logging Vocabulary; ``extra={"fields": {...}}`` adds to them."""

    def format(self, record: logging.LogRecord) -> str:
        """One line: when (UTC), from which part, how grave, what, in which request."""
        line: dict[str, Any] = {
            "datetime": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="microseconds"
            ),
            "appid": APP_ID,
            "level": record.levelname,
            "logger": record.name,
            "description": record.getMessage(),
            "request_id": _request_id(record),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _request_id(record: logging.LogRecord) -> str:
    # Django logs an answer of 400 or more when the middleware has been left already.
    request = getattr(record, "request", None)
    meta: dict[str, Any] = getattr(request, "META", {})
    return str(meta.get(origin.REQUEST_ID) or origin.current().request_id)
