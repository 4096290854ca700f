"""The arithmetic of the audit trail: whatever is done to one event without the key is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin import chain
from securelogin.chain import NOBODY_CHAINS, SIGNED, START, chain_of, content_of, digest_of, faults

KEYS = {"k1": bytes(range(32)), "k2": bytes(range(32, 64))}
DIGESTS = st.binary(min_size=32, max_size=32)
Row = dict[str, Any]

COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "key_id": st.sampled_from(sorted(KEYS)),
    "reference": st.sampled_from(["A7-2210", "C0-0001", "X9-9999"]),
    "at": st.datetimes(timezones=st.just(UTC)),
    "kind": st.sampled_from(["password:accepted", "device:ended", "session:ended"]),
    "user_id": st.none() | st.integers(1, 9),
    "actor_id": st.none() | st.integers(1, 9),
    "device": st.text(max_size=8),
    "title": st.text(max_size=8),
    "network": st.sampled_from(["", "198.51.100.0/24", "2001:db8::/48"]),
    "browser": st.sampled_from(["", "Firefox", "another browser"]),
    "request_id": st.sampled_from(["", "0123456789abcdef"]),
    "detail": st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.integers() | st.none()),
}


@st.composite
def trails(draw: st.DrawFn) -> list[Row]:
    """One to three chains of one to five events each, as the portal would have written them."""
    rows = []
    for number in range(draw(st.integers(1, 3))):
        before = START
        for sequence in range(1, draw(st.integers(1, 5)) + 1):
            row = {name: draw(strategy) for name, strategy in COLUMNS.items()}
            row |= {"chain": f"client-{number}", "sequence": sequence}
            row["digest"] = before = digest_of(KEYS[row["key_id"]], row, before)
            rows.append(row)
    return rows


def found(rows: list[Row], **options: Any) -> list[tuple[str, int]]:
    """Chain and number of each fault, as `faults` tells them of rows in the database's order."""
    rows = sorted(rows, key=lambda row: (row["chain"], row["sequence"]))
    return [(fault.chain, fault.sequence) for fault in faults(rows, KEYS, **options)]


@given(trails())
def test_an_untouched_trail_has_no_faults(rows: list[Row]) -> None:
    assert found(rows) == []


@given(trails(), st.data())
def test_any_change_of_any_column_is_found_in_its_place(
    rows: list[Row], data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from(sorted(COLUMNS)))
    other = data.draw(COLUMNS[name].filter(lambda value: value != row[name]))
    row[name] = other
    assert found(rows) == [(row["chain"], row["sequence"])]


@given(trails(), DIGESTS, st.data())
def test_a_digest_of_ones_own_is_found(rows: list[Row], digest: bytes, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(rows))
    row["digest"] = digest
    assert (row["chain"], row["sequence"]) in found(rows)


@given(trails(), st.data())
def test_a_removed_event_is_missed_unless_it_was_the_last(
    rows: list[Row], data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(rows))
    rows.remove(row)
    is_last = not any(
        other["chain"] == row["chain"] and other["sequence"] > row["sequence"] for other in rows
    )
    assert found(rows) == ([] if is_last else [(row["chain"], row["sequence"])])


@given(trails(), st.data())
def test_closing_the_gap_does_not_help(rows: list[Row], data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(rows))
    rows.remove(row)
    later = [r for r in rows if r["chain"] == row["chain"] and r["sequence"] > row["sequence"]]
    for other in later:
        other["sequence"] -= 1
    assert len(found(rows)) == len(later)


@given(trails(), st.data())
def test_two_events_that_changed_places_are_found(rows: list[Row], data: st.DataObject) -> None:
    one, other = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(rows))
    places = [(row["chain"], row["sequence"]) for row in (one, other)]
    for row, (name, sequence) in zip((other, one), places, strict=True):
        row["chain"], row["sequence"] = name, sequence
    if one is not other:
        assert set(places) <= set(found(rows))


@given(trails(), st.data())
def test_an_event_put_in_without_the_key_is_found(rows: list[Row], data: st.DataObject) -> None:
    like = data.draw(st.sampled_from(rows))
    new = {**like, "sequence": 1 + sum(row["chain"] == like["chain"] for row in rows)}
    new["digest"] = digest_of(bytes(32), new, rows[-1]["digest"])
    assert found([*rows, new]) == [(new["chain"], new["sequence"])]


@given(trails(), st.data())
def test_an_event_of_another_past_of_the_same_client_is_found(
    rows: list[Row], data: st.DataObject
) -> None:
    """Signed with the right key, in the right place, after other events: a backup's rows."""
    row = data.draw(st.sampled_from(rows))
    row["digest"] = digest_of(KEYS[row["key_id"]], row, b"another past".ljust(32))
    assert (row["chain"], row["sequence"]) in found(rows)


def a_row(**columns: Any) -> Row:
    """The first event of a chain."""
    row = {
        **dict.fromkeys(SIGNED, ""),
        "chain": "client-1",
        "sequence": 1,
        "key_id": "k1",
        "at": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "detail": {},
        **columns,
    }
    return {"digest": digest_of(KEYS["k1"], row, START), **row}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (a_row(digest=b""), "has no digest: it was not written by the portal."),
        (a_row(digest=bytes(32)), "was changed, or written by somebody without the key."),
        (a_row(key_id="gone"), "was signed with the key 'gone', which AUDIT_KEYS does not have."),
    ],
)
def test_a_fault_says_in_plain_words_what_is_wrong(row: Row, words: str) -> None:
    row["reference"] = "A7-2210"
    (fault,) = faults([row], KEYS)
    assert str(fault) == f"client-1, event 1 (A7-2210): {words}"


@pytest.mark.parametrize(
    ("sequence", "words"),
    [(2, "event 1: is missing."), (5, "events 1 to 4: are missing.")],
)
def test_a_gap_is_told_once(sequence: int, words: str) -> None:
    (fault,) = faults([a_row(sequence=sequence)], KEYS)
    assert str(fault) == f"client-1, {words}"


def test_a_place_that_is_taken_twice_is_told() -> None:
    assert [str(fault) for fault in faults([a_row(), a_row()], KEYS)] == [
        "client-1, event 1: is there twice."
    ]


@pytest.mark.parametrize("name", SIGNED)
def test_every_column_is_signed(name: str) -> None:
    row = a_row()
    del row[name]
    with pytest.raises(KeyError):
        digest_of(KEYS["k1"], row, START)


def test_a_moment_is_signed_whatever_its_zone() -> None:
    row = a_row()
    there = row["at"].astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert digest_of(KEYS["k1"], {**row, "at": there}, START) == row["digest"]


def test_what_cannot_be_signed_is_refused() -> None:
    with pytest.raises(TypeError, match="object cannot be signed"):
        digest_of(KEYS["k1"], a_row() | {"detail": {"x": object()}}, START)


@given(st.integers(1, 10**9), st.text(max_size=60))
def test_a_client_has_one_chain_and_unknown_names_have_few(pk: int, network: str) -> None:
    assert chain_of(pk, network) == f"client-{pk}"
    name, _, number = chain_of(None, network).partition("-")
    assert (name, int(number) < NOBODY_CHAINS) == ("nobody", True)


def test_unknown_names_of_many_networks_are_spread() -> None:
    networks = [f"198.51.{number}.0/24" for number in range(256)]
    assert len({chain_of(None, network) for network in networks}) > NOBODY_CHAINS / 2


# Anchors ----------------------------------------------------------------------------------

Events = list[tuple[int, bytes]]
EVENTS: st.SearchStrategy[Events] = st.lists(
    st.tuples(st.integers(1, 10**6), DIGESTS), min_size=1, max_size=8, unique_by=lambda e: e[0]
).map(sorted)


def cut(events: Events, _digest: bytes) -> Events:
    """Without the last."""
    return events[:-1]


def changed(events: Events, digest: bytes) -> Events:
    """With another first."""
    return [(events[0][0], digest), *events[1:]]


def moved(events: Events, _digest: bytes) -> Events:
    """With the first under another number."""
    return [(events[0][0] + 10**6, events[0][1]), *events[1:]]


def added(events: Events, digest: bytes) -> Events:
    """With one more."""
    return [*events, (2 * 10**6, digest)]


@pytest.mark.parametrize("tamper", [cut, changed, moved, added])
@given(events=EVENTS, digest=DIGESTS)
def test_an_anchor_tells_any_other_events_apart(
    tamper: Callable[[Events, bytes], Events], events: Events, digest: bytes
) -> None:
    touched = tamper(events, digest)
    assert (content_of(events) == content_of(touched)) == (events == touched)


@pytest.mark.parametrize(
    "change",
    [
        {"day": date(2026, 3, 3)},
        {"events": 8},
        {"until": 10},
        {"content": b"other"},
        {"before": b"other"},
        {"key": KEYS["k2"]},
    ],
)
def test_an_anchor_signs_all_that_its_line_says(change: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "key": KEYS["k1"],
        "day": date(2026, 3, 2),
        "events": 7,
        "until": 9,
        "content": b"content",
        "before": START,
    }
    digest = chain.anchor_digest(**given)
    assert len(digest) == 32
    assert chain.anchor_digest(**{**given, **change}) != digest
