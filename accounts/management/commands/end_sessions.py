"""Logs people out, done on the server: one after a theft is reported, all after a leak.

Their devices stay as they are, so whoever is not the thief logs in again (ASVS 7.4.5). To end a
device, too, is the desk's act.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from accounts.models import Session, User
from securelogin.events import Event


class Command(BaseCommand):
    """``manage.py end_sessions USERNAME`` or ``manage.py end_sessions --all``."""

    help = "End every session of one user, or of all; their devices go on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose: exactly one of the two."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("username", nargs="?")
        whose.add_argument("--all", action="store_true", dest="everybody")

    def handle(self, *args: Any, **options: Any) -> None:
        """Asks nothing, prints how many were ended.

        Raises:
            CommandError: nobody has that user name.
        """
        ended = sum(
            Session.objects.of(user).end(user, Event.SESSION_ENDED_BY_OPERATOR)
            for user in _whose(options)
        )
        if options["everybody"]:
            # Nobody is logged in yet: before the second step, or in a password reset.
            nobody = Q(user=None) | Q(pending=True)
            ended += Session.objects.filter(nobody).delete()[0]
        self.stdout.write(f"{ended} sessions ended")


def _whose(options: dict[str, Any]) -> Iterable[User]:
    if options["everybody"]:
        return User.objects.filter(sessions__pending=False).distinct()
    name = options["username"].strip().lower()
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError("There is no user of that name.")
    return [user]
