"""Index numbers, serials and values: rules of the card, tried with arbitrary input."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from securelogin.security_card import card
from securelogin.security_card.card import (
    CELLS,
    column_of,
    column_range,
    column_ranges,
    derive_values,
    is_serial,
    new_serial,
    normalise,
    short_serial,
)
from securelogin.serials import ALPHABET
from tests.securelogin.security_card.sheets import SERIAL, VALUES

serials = st.integers(0, 2**32).map(lambda seed: new_serial(random.Random(seed)))
keys = st.binary(min_size=32, max_size=64)
nonces = st.binary(min_size=32, max_size=32)


def test_it_reads_down_eight_columns_of_twenty_eight() -> None:
    assert column_ranges() == (
        (1, 28), (29, 56), (57, 84), (85, 112), (113, 140), (141, 168), (169, 196), (197, 224),
    )  # fmt: skip


@given(st.integers(1, CELLS))
def test_it_finds_an_index_number_in_its_column(index: int) -> None:
    first, last = column_range(index)
    assert first <= index <= last
    assert column_ranges()[column_of(index)] == (first, last)


@pytest.mark.parametrize("index", [0, -1, CELLS + 1])
def test_refused_when_there_is_no_such_index_number(index: int) -> None:
    with pytest.raises(ValueError, match="1 to 224"):
        column_of(index)


@given(serials)
def test_a_new_serial_is_a_serial_in_its_stored_form(serial: str) -> None:
    assert is_serial(serial)
    assert normalise(serial) == serial
    assert len(serial) == len("OSC-7K3M-49QF")
    assert short_serial(serial) == serial[-4:]


@given(serials, st.sampled_from([4, 5, 6, 7, 9, 10, 11, 12]), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_noticed(serial: str, place: int, wrong: str) -> None:
    assume(serial[place] != wrong)
    assert not is_serial(serial[:place] + wrong + serial[place + 1 :])


@given(serials, st.integers(0, 6))
def test_every_swap_of_neighbours_is_noticed(serial: str, place: int) -> None:
    body = list(serial.removeprefix("OSC-").replace("-", ""))
    assume(body[place] != body[place + 1])
    body[place], body[place + 1] = body[place + 1], body[place]
    assert not is_serial(f"OSC-{''.join(body)}")


@pytest.mark.parametrize(
    "typed", ["osc-df7j-n967", " OSCDF7JN967 ", "osc df7j–n967", "ＯＳＣdf7jn967"]
)
def test_a_typed_serial_is_forgiven_case_and_spaces(typed: str) -> None:
    assert is_serial(typed)
    assert normalise(typed) == SERIAL


@pytest.mark.parametrize(
    "typed", ["", "OSC", "OSC-DF7J", "DF7J-N967", SERIAL + "3", "OSC-0000-0000"]
)
def test_it_is_no_serial_when_the_form_is_wrong(typed: str) -> None:
    assert not is_serial(typed)


@given(serials)
def test_a_serial_is_found_with_and_without_its_first_letters(serial: str) -> None:
    for typed in (serial, serial.lower(), serial.removeprefix("OSC-"), serial.replace("-", "")):
        assert card.serial_in(f" {typed} ") == serial
    assert card.serial_in(short_serial(serial)) == ""


@given(serials)
def test_the_last_four_are_found_as_they_are_printed(serial: str) -> None:
    assert card.short_serial_in(f" {short_serial(serial)} ") == short_serial(serial)
    assert card.short_serial_in(serial) == ""


@pytest.mark.parametrize(
    ("typed", "short"),
    [("49QF", "49QF"), ("49qf", "49QF"), ("JACK", "JACK"), ("jack", ""), ("Jan", ""), ("0OIL", "")],
)
def test_a_name_is_no_serial(typed: str, short: str) -> None:
    assert card.short_serial_in(typed) == short


def test_a_serial_has_no_characters_that_look_alike() -> None:
    assert not set(ALPHABET) & set("0O1IL2Z5S8BUV")


@given(keys, nonces)
def test_the_same_key_and_nonce_always_give_the_same_224_values(key: bytes, nonce: bytes) -> None:
    values = derive_values(key, nonce)
    assert values == derive_values(key, nonce)
    assert len(values) == CELLS
    assert all(len(value) == 3 and value.isascii() and value.isdigit() for value in values)


def test_a_card_of_an_older_version_has_the_same_values_still() -> None:
    """A card that waits while the portal is updated is drawn again as it was."""
    values = derive_values(bytes(range(32)), bytes(range(32, 64)))
    assert values[:4] == ("833", "175", "617", "385")
    known = "a2ee91f1d852537854f57c9dfaf60d7e37bd1b5250195bfed6607ce376114de0"
    assert hashlib.sha256("".join(values).encode()).hexdigest() == known


@given(keys, nonces, nonces)
def test_another_nonce_gives_another_card(key: bytes, nonce: bytes, other: bytes) -> None:
    assume(nonce != other)
    assert derive_values(key, nonce) != derive_values(key, other)
    assert derive_values(key, nonce) != derive_values(key + b"\1", nonce)


def test_the_derivation_never_changes() -> None:
    # A nonce kept over an update of the portal must still give the card that was printed.
    digest = hashlib.sha256("".join(VALUES).encode()).hexdigest()
    assert digest == "c4c0ff8df099e784fd6b390d2eda83ab8bdcb8b6349fe7562ee171e198959653"


def test_all_values_are_reachable_and_equally_likely() -> None:
    counts = Counter(
        value
        for number in range(500)
        for value in derive_values(b"k" * 32, number.to_bytes(32, "big"))
    )
    expected = 500 * CELLS / 1000
    assert len(counts) == 1000
    # Chi-square with 999 degrees of freedom: mean 999, standard deviation 44.7. Six of them.
    assert 730 < sum((count - expected) ** 2 / expected for count in counts.values()) < 1270


def test_words_that_would_favour_low_values_are_drawn_again() -> None:
    words = (0, 999, 1000, 64999, 65000, 65535)
    block = b"".join(word.to_bytes(2, "big") for word in words)
    assert card._values_in(block) == ["000", "999", "000", "999"]


@pytest.mark.parametrize(
    ("key", "nonce"), [(b"k" * 31, b"n" * 32), (b"k" * 32, b"n" * 31), (b"k" * 32, b"n" * 33)]
)
def test_refused_when_key_or_nonce_has_a_wrong_length(key: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        derive_values(key, nonce)
