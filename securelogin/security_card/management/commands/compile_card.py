"""Compiles the card's drawing for the settings of this installation, before it is served."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from securelogin.security_card import drawing
from securelogin.security_card.compiler.slots import CompileError


class Command(BaseCommand):
    """Does nothing when the drawing is compiled already."""

    help = "Compile the card's drawing. Needed after every change of version, brand or policy."
    # One of them says that this command was not run.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the file's name, or end with status 1 and say why there is none."""
        try:
            path = drawing.build(drawing.in_service())
        except (CompileError, drawing.DrawingUnavailable) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(str(path))
