"""Says which keys are still needed, so that an operator knows when an old one may go."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Count

from securelogin.fields import KeyIdField


class Command(BaseCommand):
    """One line a key: ring, id, what it is for now, and whether it may be removed.

    SECURITY: ids and numbers only, never a key.
    """

    help = "List the keys of each ring, and how many rows still need them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, and end with status 1 if rows need a key that is not configured."""
        uses = _uses()
        missing = 0
        for ring in sorted({ring for ring, _key_id in uses} | set(settings.KEY_RINGS)):
            configured = [key_id for key_id, _key in getattr(settings, ring)]
            for number, key_id in enumerate(configured):
                rows = uses.pop((ring, key_id), 0)
                word = "in use" if number == 0 else "needed" if rows else "may be removed"
                self.stdout.write(f"{ring} {key_id}: {word}, {rows} rows")
            for (of_ring, key_id), rows in sorted(uses.items()):
                if of_ring == ring:
                    missing += rows
                    self.stdout.write(f"{ring} {key_id}: NOT CONFIGURED, {rows} rows need it")
        if missing:
            raise SystemExit(1)


def _uses() -> Counter[tuple[str, str]]:
    """How many rows need which key: one query for each column."""
    uses: Counter[tuple[str, str]] = Counter()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, KeyIdField):
                rows = model._default_manager.filter(field.needed).exclude(**{field.name: ""})
                for key_id, count in rows.order_by().values_list(field.name).annotate(Count("pk")):
                    uses[field.ring, key_id] += count
    return uses
