"""Prints the address of a PostgreSQL server on this machine, for tests and measurements; nothing if
there is none, or it asks its role postgres for a password.

Runs on any Python, before anything is installed.
"""

from __future__ import annotations

import socket
import struct

HOST, PORT, ROLE, DATABASE = "127.0.0.1", 5432, "postgres", "postgres"
_PROTOCOL = 3 << 16
_WELCOME = b"R" + struct.pack("!II", 8, 0)


def main() -> None:
    """Say hello, as a client does."""
    names = f"user\0{ROLE}\0database\0{DATABASE}\0\0".encode()
    hello = struct.pack("!II", len(names) + 8, _PROTOCOL) + names
    try:
        with socket.create_connection((HOST, PORT), timeout=5) as server:
            server.sendall(hello)
            answer = server.recv(len(_WELCOME), socket.MSG_WAITALL)
    except OSError:
        return
    if answer == _WELCOME:
        print(f"postgres://{ROLE}@{HOST}:{PORT}/{DATABASE}")


if __name__ == "__main__":
    main()
