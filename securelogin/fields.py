"""Columns that say with which key a row was made, so that `manage.py key_use` can find them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

# As `portal.env.keys` reads them.
_LONGEST_ID = 16


class KeyIdField(models.CharField):  # type: ignore[type-arg]
    """The id of a key of a ring. A table with one is counted before a key may be removed.

    Args:
        ring: the setting, such as ``ANSWER_KEYS``.
        needed: which rows still need their key; all by default.
    """

    def __init__(self, ring: str = "", needed: Q | None = None, **kwargs: Any) -> None:
        self.ring = ring
        self.needed = needed if needed is not None else Q()
        super().__init__(**{"max_length": _LONGEST_ID, **kwargs})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """A plain column to migrations: which rows need it is no matter of the table."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", list(args), kwargs
