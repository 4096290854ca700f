"""What processes and PostgreSQL have spent so far: processor time, and bytes of its log (WAL)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.load.programs import Program

_TICK = os.sysconf("SC_CLK_TCK")
# In /proc/PID/stat behind the name: parent, session, user and system time, the same of children
# that have ended, and resident pages.
_PARENT, _SESSION, _TIMES, _PAGES = 1, 3, slice(11, 15), 21


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor time, or bytes, since the programs started.

    Attributes:
        web: both masters and their workers.
        outbox: the workers that send mails.
        database: PostgreSQL, whoever else uses it included; None if it runs elsewhere.
        driver: this process.
        wal: bytes of PostgreSQL's log, whoever else writes included.
        wall: seconds that went by.
    """

    web: float
    outbox: float
    database: float | None
    driver: float
    wal: int
    wall: float

    def since(self, before: Spent) -> Spent:
        """What was spent from one moment to this one."""
        known = self.database is not None and before.database is not None
        return Spent(
            self.web - before.web,
            self.outbox - before.outbox,
            (self.database or 0) - (before.database or 0) if known else None,
            self.driver - before.driver,
            self.wal - before.wal,
            self.wall - before.wall,
        )


class Meter:
    """Reads all of it."""

    def __init__(
        self, connection: psycopg.Connection, masters: list[Program], outboxes: list[Program]
    ):
        """Measure these.

        Args:
            connection: to the server, autocommitting.
            masters: of gunicorn.
            outboxes: the workers that send mails.
        """
        self._connection = connection
        self._masters = [program.process.pid for program in masters]
        self._outboxes = [program.process.pid for program in outboxes]
        self._postmaster = _postmaster(connection.info.backend_pid)

    def now(self) -> Spent:
        """What was spent up to this moment."""
        rows = _processes()
        web, outbox = (
            sum(_seconds(row) for row in rows.values() if int(row[_SESSION]) in leaders)
            for leaders in (self._masters, self._outboxes)
        )
        database = None
        if self._postmaster:
            family = [
                row for pid, row in rows.items() if self._postmaster in (pid, int(row[_PARENT]))
            ]
            database = sum(map(_seconds, family))
        wal = self._connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        assert wal is not None
        return Spent(web, outbox, database, time.process_time(), int(wal[0]), time.monotonic())

    def workers(self) -> list[int]:
        """Resident bytes of each worker of the masters now."""
        page = os.sysconf("SC_PAGE_SIZE")
        rows = _processes().values()
        return [int(row[_PAGES]) * page for row in rows if int(row[_PARENT]) in self._masters]


def _postmaster(backend: int) -> int:
    """The parent of our own backend; 0 if PostgreSQL runs on another machine."""
    row = _stat(Path(f"/proc/{backend}"))
    return int(row[_PARENT]) if row and row[-1] == "postgres" else 0


def _processes() -> dict[int, list[str]]:
    rows = {int(path.name): _stat(path) for path in Path("/proc").glob("[0-9]*")}
    return {pid: row for pid, row in rows.items() if row}


def _stat(folder: Path) -> list[str]:
    """The fields behind the name, and the name; empty if it has ended."""
    try:
        text = (folder / "stat").read_text()
    except OSError:
        return []
    name, _, rest = text.partition("(")[2].rpartition(")")
    return [*rest.split(), name]


def _seconds(row: list[str]) -> float:
    return sum(map(int, row[_TIMES])) / _TICK
