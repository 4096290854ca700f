"""Rows for clients by number: whose each is, and what makes it another than the one copied."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from tests.plans import copy

# Of so many clients one has an active card.
GROUP = 30
# An hour to three weeks ago, and a month to thirteen months ago.
LATELY = "now() - interval '1 hour' - (n::bigint * 7919) % 20 * interval '1 day'"
LONG_AGO = "now() - (40 + (n::bigint * 7919) % 310) * interval '1 day'"


def serial(prefix: str, series: int = 0) -> str:
    """SQL of a serial of eight digits, another for each n below a thousand million and each
    series: an odd number times n, cut to 32 bits, takes no value twice."""
    digits = f"lpad(to_hex((({series}000000000 + n) * 2654435761) % 4294967296), 8, '0')"
    return f"upper('{prefix}-' || substr({digits}, 1, 4) || '-' || substr({digits}, 5))"


@dataclass(slots=True)
class Bulk:
    """Copies for clients and by agents, of whom the first of each is known by its key."""

    clients: int
    first: int = 0
    first_agent: int = 0

    def client(self, number: str) -> str:
        """SQL of the primary key of a client by number."""
        return f"{self.first} - 1 + {number}"

    def every(self, step: int, shift: int = 0) -> tuple[int, str]:
        """How many rows if one client of ``step`` has one, and whose each is."""
        return self.clients // step, self.client(f"n * {step} - {shift}")

    def some(self, row: models.Model, step: int, shift: int = 0, /, **columns: str) -> None:
        """Copies of a row for one client of ``step``."""
        rows, client = self.every(step, shift)
        copy(row, rows, user_id=client, **columns)
