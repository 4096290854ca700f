"""The arithmetic of the audit trail: what is signed, and what a digest that does not fit tells.

Pure. Each client's events are a chain, numbered 1, 2, 3 and so on. The digest of each is
HMAC-SHA-256(key, its columns and the digest before it). Whoever changes, removes, swaps or
inserts an event without the key leaves a digest that does not fit or a number that is missing.

An end that was cut off leaves no trace in its chain. For that each day has an anchor: one
digest over all events since the anchor before, and over that anchor. Its line is printed and
kept elsewhere, so that not even somebody with the key can write another past.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

# The columns of an event that its digest covers: all but the row's number and the digest.
SIGNED = (
    "chain",
    "sequence",
    "key_id",
    "reference",
    "at",
    "kind",
    "user_id",
    "actor_id",
    "device",
    "title",
    "network",
    "browser",
    "request_id",
    "detail",
)
# What stands before the first event of a chain, and before the first anchor.
START = b""
# Events of unknown user names are spread over so many chains, by network: a flood of them must
# not wait in one line.
NOBODY_CHAINS = 64

Row = Mapping[str, Any]
Opening = Callable[[Row], tuple[int, bytes | None]]


def chain_of(user_id: int | None, network: str) -> str:
    """The name of the chain that an event belongs to: ``client-7``, or ``nobody-31``.

    Args:
        user_id: the client; None for an unknown user name.
        network: where an unknown one came from.
    """
    if user_id is not None:
        return f"client-{user_id}"
    return f"nobody-{zlib.crc32(network.encode()) % NOBODY_CHAINS:02}"


def digest_of(key: bytes, columns: Row, before: bytes) -> bytes:
    """The digest of an event.

    Args:
        key: of AUDIT_KEYS, at least 32 bytes.
        columns: all of `SIGNED`; ``at`` aware.
        before: the digest of the event before it in its chain, or `START`.

    Returns:
        32 bytes.
    """
    return _sign(key, "event", before, {name: columns[name] for name in SIGNED})


def anchor_digest(
    key: bytes, *, day: date, events: int, until: int, content: bytes, before: bytes
) -> bytes:
    """The digest of a day's anchor.

    Args:
        key: of AUDIT_KEYS, at least 32 bytes.
        day: the day that it closes (UTC).
        events: how many events it covers, those of earlier anchors included.
        until: the row number of the last of them.
        content: `content_of` those since the anchor before.
        before: the digest of the anchor before, or `START`.

    Returns:
        32 bytes.
    """
    columns = {"day": day, "events": events, "until": until, "content": content.hex()}
    return _sign(key, "anchor", before, columns)


def content_of(events: Iterable[tuple[int, bytes | memoryview]]) -> tuple[int, bytes]:
    """How many events there are, and one SHA-256 over them.

    Args:
        events: row number and digest of each, by row number.
    """
    count, content = 0, hashlib.sha256()
    for number, digest in events:
        count += 1
        content.update(f"{number}:{bytes(digest).hex()};".encode())
    return count, content.digest()


def _sign(key: bytes, what: str, before: bytes, columns: Mapping[str, Any]) -> bytes:
    # JSON is unambiguous: no value can take over a part of its neighbour.
    written = json.dumps(
        [what, before.hex(), columns], sort_keys=True, separators=(",", ":"), default=_as_text
    )
    return hmac.digest(key, written.encode(), hashlib.sha256)


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        # The same moment, whatever zone it was given in.
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be signed.")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a chain.

    Attributes:
        chain: its name.
        sequence: the number of the event that is wrong, or of the first that is missing.
        words: what is wrong, as the end of a sentence.
        reference: of the event, where it is there.
        last: the last that is missing, where several are.
    """

    chain: str
    sequence: int
    words: str
    reference: str = ""
    last: int = 0

    def __str__(self) -> str:
        which = f"event {self.sequence}"
        if self.last:
            which = f"events {self.sequence} to {self.last}"
        named = f" ({self.reference})" if self.reference else ""
        return f"{self.chain}, {which}{named}: {self.words}"


def from_the_start(_row: Row) -> tuple[int, bytes | None]:
    """How a chain opens of which every event is read."""
    return 1, START


def faults(
    rows: Iterable[Row], keys: Mapping[str, bytes], opening: Opening = from_the_start
) -> Iterator[Fault]:
    """What is wrong with the events of any number of chains. Holds one row at a time.

    Args:
        rows: all of `SIGNED` and ``digest``, by chain and sequence.
        keys: by key id.
        opening: for the first row of a chain the number that it has to have, and the digest
            before it; None if that is lost.
    """
    chain, number, before = "", 1, None
    for row in rows:
        if row["chain"] != chain:
            chain = row["chain"]
            number, before = opening(row)
        if row["sequence"] < number:
            yield Fault(chain, row["sequence"], "is there twice.", row["reference"])
            continue
        if row["sequence"] > number:
            last = row["sequence"] - 1
            several = last > number
            words = "are missing." if several else "is missing."
            yield Fault(chain, number, words, last=last if several else 0)
            before = None
        if words := _misfit(row, keys, before):
            yield Fault(chain, row["sequence"], words, row["reference"])
        number, before = row["sequence"] + 1, bytes(row["digest"])


def _misfit(row: Row, keys: Mapping[str, bytes], before: bytes | None) -> str:
    digest = bytes(row["digest"])
    if not digest:
        return "has no digest: it was not written by the portal."
    key = keys.get(row["key_id"])
    if key is None:
        return f"was signed with the key {row['key_id']!r}, which AUDIT_KEYS does not have."
    # After a gap the digest before is not known; the gap has been told.
    if before is None or hmac.compare_digest(digest, digest_of(key, row, before)):
        return ""
    return "was changed, or written by somebody without the key."
