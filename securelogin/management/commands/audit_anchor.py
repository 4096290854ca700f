"""Prints the audit trail's anchor: for a printer, or for a system that nobody here can write to."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from securelogin.models import AuditAnchor


class Command(BaseCommand):
    """One line, of the last day that is closed or of another."""

    help = "Print a day's anchor. Keep it outside: verify_events --anchor compares it."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--day`` for another than the last."""
        parser.add_argument("--day", type=date.fromisoformat, help="day (UTC), as 2026-11-22")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it.

        Raises:
            CommandError: there is none: `manage.py run_jobs` makes them.
        """
        anchors = AuditAnchor.objects.order_by("day")
        day = options["day"]
        anchor = (anchors.filter(day=day) if day else anchors).last()
        if anchor is None:
            raise CommandError(f"There is no anchor{f' of {day}' if day else ''} yet.")
        self.stdout.write(anchor.line)
