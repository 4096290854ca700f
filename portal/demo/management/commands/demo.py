"""Makes the demo's people on an empty database, and prints how to log in as each of them."""

from __future__ import annotations

import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from portal.demo.people import AGENT, PEOPLE, SUPERVISOR, Person
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.models import usable_devices
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import TemporaryCode


class Command(BaseCommand):
    """Run again, it changes nothing that still works and prints the same."""

    help = "Create the demo's people once, and print how to log in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the printed codes are remembered, so that a restart can print them again."""
        parser.add_argument("--memory", type=Path, default=Path("var/demo-codes.json"))
        parser.add_argument("--url", default=settings.SITE_URL)

    def handle(self, *args: Any, **options: Any) -> None:
        """One heading for each person, one ``Name: value`` a line."""
        memory: Path = options["memory"]
        codes: dict[str, str] = json.loads(memory.read_text()) if memory.exists() else {}
        # All or nothing: an interrupted first run begins anew.
        with transaction.atomic():
            self._make_people(codes)
        for person in PEOPLE:
            code = self._code(person, codes)
            self.stdout.write(f"\n{person.heading}")
            self.stdout.write(f"URL: {options['url']}/{'admin/' if person.role else ''}")
            self.stdout.write(f"Username: {person.username}")
            self.stdout.write(f"Password: {person.password}")
            self.stdout.write(f"Temporary Code: {code}")
            if person.authenticator_key:
                self.stdout.write(f"Authenticator key: {person.authenticator_key}")
        memory.parent.mkdir(parents=True, exist_ok=True)
        # Invented people's codes, readable by the owner of the demo alone.
        descriptor = os.open(memory, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(codes, file)

    def _make_people(self, codes: dict[str, str]) -> None:
        known = set(User.objects.values_list("username", flat=True))
        new = {p.username: self._user(p) for p in PEOPLE if p.username not in known}
        agent, supervisor = (
            User.objects.get(username=person.username) for person in (AGENT, SUPERVISOR)
        )
        for person in PEOPLE:
            if person.history and person.username in new:
                code = person.history(new[person.username], agent, supervisor)
                codes |= {person.username: code} if code else {}

    def _user(self, person: Person) -> User:
        long_ago = timezone.now() - timedelta(days=400)
        user = User.objects.create_user(
            person.username,
            email=f"{person.username}@mail.example",
            password=person.password,
            first_name=person.first_name,
            last_name=person.last_name,
            phone=person.phone,
            email_since=long_ago,
            notify_email_since=long_ago,
            phone_since=long_ago,
            is_staff=person.role is not None,
        )
        if person.authenticator_key:
            AuthenticatorApp.objects.add(
                user,
                name="on my phone",
                serial=AuthenticatorApp.objects.new_serial(),
                key=base64.b32decode(person.authenticator_key),
                step=0,
            )
        if person.role:
            user.groups.add(Group.objects.get(name=person.role))
        return user

    def _code(self, person: Person, codes: dict[str, str]) -> str:
        user = User.objects.get(username=person.username)
        usable = usable_devices(user, timezone.now())
        if person.username in codes and any(isinstance(d, TemporaryCode) for d in usable):
            return codes[person.username]
        if not person.with_code:
            return "none yet: the support agent issues it"
        if usable:
            return f"ended: log in with the {usable[0].title}"
        _row, code = TemporaryCode.objects.issue_on_server(
            user, reason=Reason.AWAY, ticket="demo", override="demo"
        )
        codes[person.username] = code
        return code
