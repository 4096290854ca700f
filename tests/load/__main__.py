"""Runs the hour, prints the report, and ends everything that it started, however it ends itself.

``TEST_POSTGRES_URL`` names the server on which the database of the run is made and dropped.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psycopg

from tests.load import place

# In service the address has to be one of a PostgreSQL server; SQLite serves one machine.
_NEEDED = "make load needs PostgreSQL: set TEST_POSTGRES_URL (see CONTRIBUTING.md)."


def main(arguments: list[str]) -> int:
    """Zero if nothing was lost or doubled."""
    chosen = _chosen(arguments)
    server = os.environ.get("TEST_POSTGRES_URL", "")
    if not server:
        sys.stderr.write(f"{_NEEDED}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(chosen.limit)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="portal-load-") as folder,
            place.database(server) as (url, connection),
        ):
            return _run(chosen, url, connection, Path(folder))
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


def _chosen(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--callers", type=int, default=28, help="clients who need a card")
    parser.add_argument("--rate", type=float, default=1.0, help="logins with a card, a second")
    parser.add_argument("--quiet", type=float, default=25, help="seconds of logins alone")
    parser.add_argument("--rush", type=float, default=80, help="seconds in which callers come")
    parser.add_argument("--agents", type=int, default=2, help="people at the desk")
    parser.add_argument("--workers", type=int, default=2, help="processes of each master")
    parser.add_argument("--threads", type=int, default=8, help="threads of each process")
    parser.add_argument("--requests", type=int, default=400, help="until a process is replaced")
    parser.add_argument("--seed", type=int, default=6, help="of moments and troubles")
    parser.add_argument("--limit", type=int, default=900, help="seconds after which it ends")
    return parser.parse_args(arguments)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _too_long(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError("The run took longer than --limit.")


def _run(chosen: argparse.Namespace, url: str, connection: psycopg.Connection, folder: Path) -> int:
    variables = place.environment(url, folder)
    # The lines about what happens here would stand between those of the report.
    os.environ.update(variables | {"LOG_LEVEL": "WARNING", "PGAPPNAME": place.DRIVER})
    _say("Preparing a database, static files and the card's drawing.")
    place.prepare(variables)

    import django

    django.setup()
    # Only now: they are models.
    from tests.load import acting

    return acting.run(chosen, variables, connection, folder, _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
