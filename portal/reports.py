"""What an error report may say: where it broke, and nothing that anybody typed or that was held."""

from __future__ import annotations

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NoValuesFilter(SafeExceptionReporterFilter):
    """Hides every local variable, field, cookie and environment value of the request.

    SECURITY: Django hides what a function marks as sensitive, but frames of its own and of
    other packages hold the same things: the session that is being saved has the nonce, the
    page that is being drawn has all values. A name on a list is forgotten one day.
    """

    def is_active(self, request: HttpRequest | None) -> bool:
        """Always, with DEBUG too."""
        return True

    def get_traceback_frame_variables(
        self, request: Any, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """The names only."""
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """The names only."""
        names = getattr(request, "POST", None) or {}
        return dict.fromkeys(names, self.cleansed_substitute)

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        """The names only."""
        return dict.fromkeys(getattr(request, "COOKIES", {}), self.cleansed_substitute)

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        """What the browser and the server said of the request, without the server's environment."""
        if request is None:
            return {}
        meta = super().get_safe_request_meta(request)
        return {name: value for name, value in meta.items() if name in _TELLING}


_TELLING = {"REQUEST_METHOD", "PATH_INFO", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_USER_AGENT"}
