"""What every error page has to be."""

from __future__ import annotations

import re
from typing import Any

CANARY = "canary-7-of-an-exception"


def own_page(response: Any, status: int, heading: str) -> None:
    """Our words, all headers, no traceback."""
    assert response.status_code == status
    body = response.content.decode()
    assert re.search(rf"<h1[^>]*>\s*{heading}", body), body[:500]
    for leaked in ("Traceback", "Exception", CANARY, "django", "/site-packages/", "DEBUG"):
        assert leaked not in body, leaked
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
