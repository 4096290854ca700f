"""Proves that nobody touched the audit trail, or says what was touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from securelogin import verification

# After this many the rest is only counted.
MOST_TOLD = 50


class Command(BaseCommand):
    """Exit status 0 if the trail is as it was written, else 1. Changes nothing."""

    help = "Find events that were changed, removed, moved, inserted or cut off."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to look at; everything without an argument."""
        parser.add_argument(
            "--since", type=date.fromisoformat, help="day (UTC): take what is older as it is"
        )
        either = parser.add_mutually_exclusive_group()
        either.add_argument(
            "--client",
            help="user name: this client's events only. Anchors are of all clients together, so "
            "an end that was cut off is not found in this way",
        )
        either.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="LINE|FILE",
            help="a line of audit_anchor that was kept outside, or a file of such lines",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each fault, and a last one that sums up.

        Raises:
            CommandError: there are faults, an unknown client, or a line that is no anchor.
        """
        count = 0
        for count, fault in enumerate(self._faults(options), start=1):
            if count <= MOST_TOLD:
                self.stdout.write(fault)
        if count > MOST_TOLD:
            self.stdout.write(f"... and {count - MOST_TOLD} more.")
        if count:
            raise CommandError("The audit trail is not as it was written.")
        self.stdout.write("The audit trail is as it was written.")

    def _faults(self, options: dict[str, Any]) -> Iterator[str]:
        client, since = options["client"], options["since"]
        if client is not None:
            return chain(
                verification.trigger_faults(),
                verification.event_faults(self._client_id(client), since),
            )
        return chain(
            verification.trigger_faults(),
            verification.event_faults(None, since),
            verification.anchor_faults(timezone.now(), since),
            verification.exported_faults(list(self._lines(options["anchor"]))),
        )

    def _client_id(self, username: str) -> int:
        users = get_user_model()._default_manager.filter(username=username.lower())
        pk = users.values_list("pk", flat=True).first()
        if pk is None:
            raise CommandError(f"There is no client with the user name {username}.")
        return int(pk)

    def _lines(self, given: list[str]) -> Iterator[str]:
        for text in given:
            if verification.day_of(text):
                yield text
                continue
            try:
                lines = Path(text).read_text(encoding="utf-8").splitlines()
            except OSError as error:
                raise CommandError(f"{text} is neither an anchor's line nor a file.") from error
            for line in filter(str.strip, lines):
                if not verification.day_of(line):
                    raise CommandError(f"This is not the line of an anchor: {line}")
                yield line
