"""How many cards this machine makes at once, over all of its processes.

A place is a locked file in RUNTIME_DIR. The kernel lets go of the lock when the process ends in
any way, so nothing is left to clear up; and it holds between threads as well as between
processes, because each try opens the file anew. No database: what is bounded is this machine's
processors and memory, and a place must not need a connection that is held for seconds.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings

# Files for "one card at a time for a client"; two clients who share one wait for each other.
CLIENT_FILES = 1024


def folder() -> Path:
    """Where the locked files are; made if it is missing.

    Raises:
        OSError: it cannot be made.
    """
    path = Path(settings.RUNTIME_DIR)
    # SECURITY: whoever else could lock these files could keep everybody from a card.
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextmanager
def taken_for(client: int) -> Iterator[bool]:
    """Hold one of the machine's places for a client, until the block ends.

    Does not wait. SECURITY: a client has one place at most on a machine, so that nobody takes
    them all by pressing often.

    Args:
        client: primary key.

    Returns:
        Whether there was a place.
    """
    base = folder()
    places = (base / f"place-{number}" for number in range(settings.CARDS_AT_ONCE))
    with ExitStack() as held:
        alone = held.enter_context(_locked(base / f"client-{client % CLIENT_FILES}"))
        yield alone and any(held.enter_context(_locked(place)) for place in places)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    # Never written to. Closed in programs that are started meanwhile (Python's default), or they
    # would hold the lock.
    file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(file)
