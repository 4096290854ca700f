"""Issues a Temporary Code on the server: the trust anchor for the first staff member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from securelogin import codes
from securelogin.models import describe_for
from securelogin.permanent import SERIALS, PermanentDevice, permanent_devices_of
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import IssueRefusedError, TemporaryCode

if TYPE_CHECKING:
    from accounts.models import User


class Command(BaseCommand):
    """Prints the code once, to the terminal of somebody who already controls the server."""

    help = "Issue a Temporary Code and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        """A user name, and what the desk's form would ask."""
        parser.add_argument("username")
        parser.add_argument("--reason", choices=[r.value for r in Reason], default="A")
        parser.add_argument("--ticket", default="server")
        parser.add_argument("--override", default="", help="why, although policy refuses")
        parser.add_argument(
            "--lost",
            action="append",
            default=[],
            metavar="SERIAL",
            help="with reason B: the user's own device that is lost; may be given several times",
        )

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
        reason = Reason(options["reason"])
        lost = self._lost(user, reason, options["lost"])
        try:
            row, code = TemporaryCode.objects.issue_on_server(
                user,
                reason=reason,
                ticket=options["ticket"],
                override=options["override"],
                lost=[device.persistent_id for device in lost],
            )
        except IssueRefusedError as error:
            raise CommandError(
                f"Policy refuses another code ({error.reason}). Give --override REASON."
            ) from error
        self.stdout.write(f"Temporary Code: {' '.join(codes.groups(code))}")
        self.stdout.write(f"Full access until: {describe_for(user, row.limited_at)}")
        self.stdout.write(f"Card request until: {describe_for(user, row.expires_at)}")

    def _lost(self, user: User, reason: Reason, serials: list[str]) -> list[PermanentDevice]:
        """The user's own devices of these serials; the only one needs not be named.

        Raises:
            CommandError: a serial is of none, or it is not clear which one is lost.
        """
        own = permanent_devices_of(user)
        if reason is Reason.AWAY:
            if serials:
                raise CommandError("Only with --reason B something is lost.")
            return []
        named = {SERIALS.serial_in(serial) for serial in serials}
        known = ", ".join(f"{device.title} ({device.serial})" for device in own) or "none"
        if not named <= {device.serial for device in own}:
            raise CommandError(f"No such device. The user's own devices: {known}.")
        if len(own) > 1 and not named:
            raise CommandError(f"Say which device is lost with --lost SERIAL: {known}.")
        return [device for device in own if device.serial in named or not named]
