"""Gives a role of the desk, or takes it: done on the server, by whoever runs the portal.

There is no page for it: nobody at the desk can make an agent of themselves or of a friend.
"""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import SecurityEvent


class Command(BaseCommand):
    """``manage.py staff sue.supervisor --role Supervisor``."""

    help = "Make a member of staff, change the role, or take it (--role none)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and as what; the rest only for somebody new."""
        parser.add_argument("username")
        parser.add_argument("--role", required=True, choices=[*Role, "none"])
        parser.add_argument("--email", default="")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        """One role at a time: an auditor who issues codes audits nobody."""
        users = get_user_model().objects
        username = options["username"].strip().lower()
        user = users.filter(username=username).first()
        if user is None and options["role"] == "none":
            raise CommandError("There is no user of that name.")
        password = "" if user else self._ask_password()
        with transaction.atomic():
            if user is None:
                user = users.create_user(
                    username,
                    email=options["email"],
                    password=password,
                    first_name=options["first_name"],
                    last_name=options["last_name"],
                )
            roles = Group.objects.filter(name__in=list(Role))
            user.groups.remove(*roles)
            if options["role"] != "none":
                user.groups.add(roles.get(name=options["role"]))
            user.is_staff = options["role"] != "none"
            user.is_superuser = False
            user.save(update_fields=["is_staff", "is_superuser"])
            SecurityEvent.objects.record(Event.ROLE_CHANGED, user, role=options["role"])
        self.stdout.write(f"{username}: {options['role']}")

    @sensitive_variables()
    def _ask_password(self) -> str:
        password = getpass.getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password
