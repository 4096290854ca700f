"""Where the hour happens: a database, a folder, the environment of a service, the programs."""

from __future__ import annotations

import datetime
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from scripts.new_keys import new_keys
from tests.load import programs
from tests.load.programs import Program

SITE = "portal.example"
# What the connections of this process are called in PostgreSQL.
DRIVER = "driver"
# What the proxy in front adds to what a browser sends.
HEADERS = {
    "Host": SITE,
    "Origin": f"https://{SITE}",
    "User-Agent": "Mozilla/5.0 Firefox/140.0",
    "X-Forwarded-Proto": "https",
}


@contextmanager
def database(server: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """A new database; it is dropped afterwards.

    Args:
        server: address of a database of the same server, of a role that may create one.

    Yields:
        Its address, and a connection to the other one.
    """
    name = f"portal_load_{socket.gethostname()[:20]}_{os.getpid()}".lower()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}")), connection
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


def environment(url: str, folder: Path) -> dict[str, str]:
    """Of an installation in service, with a proxy in front on this machine.

    Args:
        url: of the database.
        folder: for static files and mails.
    """
    today = datetime.datetime.now(tz=datetime.UTC).date()
    keys = dict(line.split("=", 1) for line in new_keys(today).splitlines())
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        **keys,
        "ALLOWED_HOSTS": SITE,
        "SITE_URL": f"https://{SITE}",
        "DATABASE_URL": url,
        "EMAIL_URL": f"filemail:///{folder / 'mails'}",
        "TASKS_BACKEND": "database",
        "RUNTIME_DIR": str(folder / "driver"),
        "STATIC_ROOT": str(folder / "static"),
        "TRUSTED_PROXIES": "127.0.0.0/8",
    }


def prepare(variables: dict[str, str]) -> None:
    """What an operator does before the portal starts."""
    programs.run(["compile_card"], variables)
    programs.run(["migrate", "--verbosity", "0", "--no-input"], variables)
    programs.run(["collectstatic", "--verbosity", "0", "--no-input"], variables)


@contextmanager
def serving(
    variables: dict[str, str], folder: Path, workers: int, threads: int, requests: int
) -> Iterator[tuple[list[Program], list[Program]]]:
    """Two machines, each a master and an outbox worker; they end with this.

    Args:
        variables: of all of them.
        folder: for what they write.
        workers: processes of each master.
        threads: of each process.
        requests: after about so many a process gives way to a new one; 0: never.

    Yields:
        The masters, and the workers of the outbox.
    """
    # As docs/operations.md recommends; only that no process lives as long.
    options = ["-k", "gthread", "--threads", str(threads), "--workers", str(workers)]
    options += ["--timeout", "60", "--graceful-timeout", "30"]
    options += ["--max-requests", str(requests), "--max-requests-jitter", str(requests // 5)]
    worker = ["manage.py", "db_worker", "--no-startup-delay", "--interval", "0.2"]
    masters: list[Program] = []
    outboxes: list[Program] = []
    try:
        # Each is known, and ended, as soon as it has started.
        for name in ("first", "second"):
            # What processes of one machine share.
            own = variables | {"RUNTIME_DIR": str(folder / name)}
            masters.append(programs.gunicorn(name, options, own, folder))
            outboxes.append(programs.python(f"{name}-outbox", worker, own, folder))
        for master in masters:
            programs.wait_until_serving(master, HEADERS)
        # Every worker has loaded the portal by then, not only the one that answered.
        time.sleep(2)
        yield masters, outboxes
    finally:
        programs.stop(masters + outboxes)
