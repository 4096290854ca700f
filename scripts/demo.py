"""Serves the portal with invented people on this machine's loopback address (`make demo`).

Keys, data base and mails are kept in var/, so a second run goes on where the first ended.
"""

from __future__ import annotations

import datetime
import io
import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402  (found only through the path above)
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from scripts.new_keys import new_keys  # noqa: E402

HOST = "127.0.0.1"
# What is printed: a passkey belongs to a name, and browsers refuse one for an address.
NAME = "localhost"


def main(port: str) -> None:
    """Prepare var/, print the demo people, and become the web server."""
    refuse_busy_port(port)
    os.chdir(ROOT)
    # SECURITY: var/ holds keys and a data base; only their owner may read them.
    os.umask(0o077)
    os.environ.update(read_environment(Path("var")))
    # These win over the caller's environment: the demo must not reach a real data base or server.
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings",
        ALLOWED_HOSTS=f"{HOST},{NAME}",
        DATABASE_URL="sqlite:///var/demo.sqlite3",
        EMAIL_URL="filemail:///var/demo-mail",
        INSECURE_HTTP="true",
        LOG_LEVEL="WARNING",
        SITE_URL=f"http://{NAME}:{port}",
        STATIC_ROOT="var/static",
        TASKS_BACKEND="immediate",
    )
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    collect_static(Path("var/static"))
    call_command("compile_card", verbosity=0)
    call_command("demo")
    # In service a timer does this: what has run out ends, each day's audit trail is closed.
    call_command("run_jobs", stdout=io.StringIO())
    print("E-mails are written to var/demo-mail. Ctrl+C stops the portal.", flush=True)
    connections.close_all()
    serve(port)


def read_environment(folder: Path) -> dict[str, str]:
    """The demo's own keys, NAME=value lines in demo.env: made on the first run, and those that a
    newer portal wants besides on the next one."""
    file = folder / "demo.env"
    kept = _values(file.read_text()) if file.exists() else {}
    values = _values(new_keys(datetime.datetime.now(tz=datetime.UTC).date())) | kept
    if values != kept:
        folder.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        part.replace(file)
    return values


def _values(lines: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines.splitlines())


def collect_static(target: Path) -> None:
    """Collect the static files, unless nothing is newer than the last collection."""
    manifest = target / "staticfiles.json"
    sources = [*Path("static").rglob("*"), Path("requirements/base.lock")]
    newest = max(source.stat().st_mtime for source in sources)
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        # Named by hash as in service, but not compressed: that takes ten seconds.
        plain = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        settings.STORAGES["staticfiles"]["BACKEND"] = plain
        call_command("collectstatic", verbosity=0, interactive=False)


def refuse_busy_port(port: str) -> None:
    """Say so now, instead of after the people have been printed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(port)))
        except (OSError, OverflowError, ValueError) as error:
            sys.exit(f"Port {port} cannot be used ({error}). Name another: make demo PORT=8001")


def serve(port: str) -> None:
    """One process, eight threads: making a card uses every core by itself."""
    gunicorn = Path(sys.executable).with_name("gunicorn")
    arguments = [
        "-k",
        "gthread",
        "--threads",
        "8",
        "-b",
        f"{HOST}:{port}",
        "--log-level",
        "warning",
    ]
    os.execv(gunicorn, ["gunicorn", *arguments, "--no-control-socket", "portal.wsgi"])  # noqa: S606


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
