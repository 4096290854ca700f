"""Loads the system checks."""

from __future__ import annotations

from django.apps import AppConfig


class SecureLoginConfig(AppConfig):
    """The shared part of all device types."""

    default = True
    name = "securelogin"
    verbose_name = "Secure Login System"

    def ready(self) -> None:
        """Register the checks; refuse to start with numbers that are a hole."""
        from securelogin import checks  # noqa: F401 - needs the app registry
        from securelogin.conf import policy

        # SECURITY: a web server runs no checks; a policy out of bounds must stop it all the same.
        policy()
