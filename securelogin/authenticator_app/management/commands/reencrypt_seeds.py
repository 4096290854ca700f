"""After a new key: encrypts the keys of all authenticator apps anew, so that the old one may go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from securelogin.authenticator_app.models import AuthenticatorApp


class Command(BaseCommand):
    """Safe while the portal serves, and any number of times.

    SECURITY: numbers only, never a key.
    """

    help = "Encrypt the key of every authenticator app under the first key of SEED_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, and end with status 1 if rows could not be opened."""
        done, failed = AuthenticatorApp.objects.reencrypt()
        self.stdout.write(f"{done} encrypted anew")
        if failed:
            self.stdout.write(f"{failed} NOT OPENED: see the log, and `manage.py key_use`")
            raise SystemExit(1)
