"""What a request costs, counted: slow hashes, passwords hashed, statements to the database.

Times vary with the machine; work does not. Two requests that must not be told apart by their
duration do the same work to the last statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext

from securelogin import keys
from tests.hashers import QuickHasher


@dataclass(frozen=True, slots=True)
class Work:
    """What one call did.

    Attributes:
        hashes: slow hashes of answers.
        passwords: slow hashes of passwords.
        statements: what was asked of the database, without the values.
    """

    hashes: int
    passwords: int
    statements: tuple[str, ...]


def work_of(act: Callable[[], object]) -> Work:
    """Call it, and count."""
    digest = mock.patch.object(keys, "digest", wraps=keys.digest)
    encode = mock.patch.object(QuickHasher, "encode", autospec=True, side_effect=QuickHasher.encode)
    with digest as hashed, encode as encoded, CaptureQueriesContext(connection) as queries:
        act()
    statements = tuple(shape(query["sql"]) for query in queries)
    return Work(hashed.call_count, encoded.call_count, statements)


def shape(statement: Any) -> str:
    """A statement without its values."""
    return re.sub(r"'[^']*'|\bs\d+_x\d+\b|\b\d+\b|NULL", "?", statement)
