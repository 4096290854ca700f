"""Issues a Temporary Code on the server: the trust anchor for the first staff member."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from securelogin import codes
from securelogin.models import describe_for
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import IssueRefusedError, TemporaryCode


class Command(BaseCommand):
    """Prints the code once, to the terminal of somebody who already controls the server."""

    help = "Issue a Temporary Code and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        """A user name, and what the desk's form would ask."""
        parser.add_argument("username")
        parser.add_argument("--reason", choices=[r.value for r in Reason], default="A")
        parser.add_argument("--ticket", default="server")
        parser.add_argument("--override", default="", help="why, although policy refuses")

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        """Issue and print."""
        user = (
            get_user_model()
            .objects.filter(username=options["username"].strip().lower(), is_active=True)
            .first()
        )
        if user is None:
            raise CommandError("There is no active user of that name.")
        try:
            row, code = TemporaryCode.objects.issue_on_server(
                user,
                reason=Reason(options["reason"]),
                ticket=options["ticket"],
                override=options["override"],
            )
        except IssueRefusedError as error:
            raise CommandError(
                f"Policy refuses another code ({error.reason}). Give --override REASON."
            ) from error
        self.stdout.write(f"Temporary Code: {' '.join(codes.groups(code))}")
        self.stdout.write(f"Full access until: {describe_for(user, row.limited_at)}")
        self.stdout.write(f"Card request until: {describe_for(user, row.expires_at)}")
