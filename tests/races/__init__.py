"""Things done at the same moment, on PostgreSQL."""

from __future__ import annotations

# Each has a connection, and PostgreSQL allows 100 by default: one race at a time has room.
THREADS = 50
