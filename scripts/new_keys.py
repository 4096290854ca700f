"""Prints fresh secrets as NAME=value lines, in the format of .env.example.

Used by `make demo`, and by an operator who sets up or rotates keys (docs/operations.md):
with the name of a ring it prints that ring of the environment with a new key in front.
"""

from __future__ import annotations

import base64
import datetime
import os
import secrets
import string
import sys
from pathlib import Path

RINGS = ("ANSWER_KEYS", "VALUE_KEYS", "AUDIT_KEYS", "SEED_KEYS")


def new_keys(today: datetime.date) -> str:
    """Lines for SECRET_KEY and the keyrings; a key's id is the day it was made."""
    lines = [f"SECRET_KEY={secrets.token_urlsafe(50)}"]
    lines += [rotated(name, "", today) for name in RINGS]
    return "\n".join(lines)


def rotated(name: str, ring: str, today: datetime.date) -> str:
    """The line of a ring with a new key in front; older keys go on verifying.

    Args:
        name: of the variable.
        ring: its present value; empty: none yet.
        today: names the key; a second one of the day gets a letter.
    """
    known = {part.strip().partition(":")[0] for part in ring.split(",")}
    day = f"{today:%Y%m%d}"
    ids = [day, *(day + letter for letter in string.ascii_lowercase[1:])]
    key_id = next(key_id for key_id in ids if key_id not in known)
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return f"{name}={','.join(part for part in (f'{key_id}:{key}', ring) if part)}"


def present(name: str) -> str:
    """The value of a variable, or of the file that ``NAME_FILE`` names."""
    if file := os.environ.get(f"{name}_FILE"):
        return Path(file).read_text().strip()
    return os.environ.get(name, "")


def main(names: list[str]) -> None:
    """Print everything anew, or the rings named, rotated."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    if unknown := set(names) - set(RINGS):
        sys.exit(f"There is no ring {', '.join(sorted(unknown))}. Rings: {', '.join(RINGS)}.")
    for name in names:
        if not present(name):
            sys.exit(f"{name} is not set here: there is nothing to put a new key in front of.")
    lines = [rotated(name, present(name), today) for name in names]
    print("\n".join(lines or [new_keys(today)]))


if __name__ == "__main__":
    main(sys.argv[1:])
