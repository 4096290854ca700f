"""Programs that stand for machines in service: gunicorn masters, an outbox worker.

Each is a process group of its own, on the loopback only, with its output in files. Whoever starts
one ends it, whatever happens; nothing else on this machine is touched.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
# How long a program may take to start, and to stop by itself.
PATIENCE = 60
_STOPPING = 20


@dataclass(frozen=True, slots=True)
class Program:
    """A running program.

    Attributes:
        name: names it in reports.
        process: the leader of its group.
        out: what it writes to stdout.
        errors: what it writes to stderr.
        port: where it serves; 0 if it does not.
    """

    name: str
    process: subprocess.Popen[bytes]
    out: Path
    errors: Path
    port: int = 0

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """As when its machine loses power."""
        self.signal(signal.SIGKILL)
        self.process.wait()


def python(name: str, arguments: list[str], environment: dict[str, str], folder: Path) -> Program:
    """Start this Python with arguments.

    Args:
        name: also of the files with the output.
        arguments: of the interpreter.
        environment: the whole of it.
        folder: for the files.
    """
    return _start(name, arguments, environment, folder)


def gunicorn(
    name: str, options: list[str], environment: dict[str, str], folder: Path, port: int = 0
) -> Program:
    """Start a master that serves the portal.

    Args:
        name: also of the files with the output.
        options: of gunicorn, without the address.
        environment: the whole of it.
        folder: for the files.
        port: of the loopback; 0: one that is free.
    """
    # Bound here and inherited: no other program can take the port in between.
    with socket.create_server((HOST, port), backlog=2048) as listening:
        listening.set_inheritable(True)
        arguments = ["-m", "gunicorn", "--bind", f"fd://{listening.fileno()}", *options]
        arguments += ["--no-control-socket", "portal.wsgi"]
        return _start(name, arguments, environment, folder, listening)


def _start(
    name: str,
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    listening: socket.socket | None = None,
) -> Program:
    out, errors = folder / f"{name}.out", folder / f"{name}.err"
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            pass_fds=[listening.fileno()] if listening else [],
        )
    port = int(listening.getsockname()[1]) if listening else 0
    return Program(name, process, out, errors, port)


def run(arguments: list[str], environment: dict[str, str]) -> str:
    """What a command of `manage.py` prints; it must end well."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")
    return done.stdout


def wait_until_serving(master: Program, headers: dict[str, str]) -> None:
    """Wait until a master answers.

    Raises:
        TimeoutError: it does not.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and master.process.poll() is None:
        connection = http.client.HTTPConnection(HOST, master.port, timeout=PATIENCE)
        # Refused as long as nothing listens.
        with suppress(OSError), closing(connection):
            connection.request("GET", "/help/", headers=headers)
            with connection.getresponse() as response:
                if response.status == HTTPStatus.OK:
                    return
        time.sleep(0.05)
    raise TimeoutError(f"{master.name} does not serve: {master.errors.read_text()[-2000:]}")


def stop(programs: list[Program]) -> None:
    """End them: first as an operator does, then for good."""
    for program in programs:
        program.signal(signal.SIGTERM)
    until = time.monotonic() + _STOPPING
    try:
        for program in programs:
            with suppress(subprocess.TimeoutExpired):
                program.process.wait(max(0.1, until - time.monotonic()))
    finally:
        # Whoever presses Ctrl+C twice is still rid of them.
        for program in programs:
            program.kill()
