"""Whether the portal stays as quick as it grows: many clients on PostgreSQL, and what each page
asks of the database then. ``python -m tests.growth`` prints the table."""

from __future__ import annotations
