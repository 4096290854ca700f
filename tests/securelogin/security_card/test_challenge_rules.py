"""The pairs: each index number once, 112 challenges, and no way to choose among them."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.security_card import challenge
from securelogin.security_card.card import CELLS
from securelogin.security_card.challenge import PAIRS, SIGN_INS, Pair

orders = st.integers(0, 2**64).map(lambda seed: challenge.shuffle(random.Random(seed)))
indexes = st.integers(1, CELLS)
pairs = st.lists(indexes, min_size=2, max_size=2, unique=True).map(lambda two: Pair(*two))
VALUES = [f"{index * 37 % 1000:03}" for index in range(1, CELLS + 1)]


def all_pairs(order: bytes) -> list[Pair]:
    """The challenges of a card, as they are asked."""
    asked = [challenge.pair(order, number) for number in range(PAIRS)]
    return [pair for pair in asked if pair is not None]


def test_one_pair_activates_and_111_sign_in() -> None:
    assert (PAIRS, SIGN_INS, challenge.ANSWER_DIGITS) == (112, 111, 6)


@given(orders)
def test_each_index_number_is_asked_exactly_once(order: bytes) -> None:
    asked = all_pairs(order)
    assert len(asked) == 112
    counted = Counter(index for pair in asked for index in (pair.first, pair.second))
    assert counted == dict.fromkeys(range(1, 225), 1)


@given(orders, st.sampled_from([-1, 0, 111, 112]) | st.integers(-500, 500))
def test_there_is_no_challenge_before_the_first_and_after_the_112th(
    order: bytes, number: int
) -> None:
    assert (challenge.pair(order, number) is not None) is (0 <= number < 112)


@given(orders, st.integers(0, 111))
def test_a_challenge_is_always_the_same_pair(order: bytes, number: int) -> None:
    assert challenge.pair(order, number) == challenge.pair(bytes(order), number)


def test_a_card_whose_order_was_emptied_asks_nothing() -> None:
    assert challenge.pair(b"", 0) is None


@given(orders)
def test_the_right_answer_is_both_values_in_the_order_asked(order: bytes) -> None:
    right = challenge.answers(order, VALUES)
    for pair, answer in zip(all_pairs(order), right, strict=True):
        assert answer == VALUES[pair.first - 1] + VALUES[pair.second - 1]


@given(pairs)
def test_the_hint_names_the_columns_that_hold_the_pair(pair: Pair) -> None:
    for index, (first, last) in (
        (pair.first, pair.first_range),
        (pair.second, pair.second_range),
    ):
        assert first <= index <= last
        assert last - first == 27
        assert first % 28 == 1


@given(pairs)
def test_typed_index_numbers_are_recognised_with_and_without_zeros(pair: Pair) -> None:
    assert challenge.is_index_numbers(pair, f"{pair.first}{pair.second}")
    assert challenge.is_index_numbers(pair, f"{pair.first:03}{pair.second:03}")


@given(pairs, st.text("0123456789", max_size=7))
def test_nothing_else_is_taken_for_the_index_numbers(pair: Pair, entered: str) -> None:
    forms = {f"{pair.first}{pair.second}", f"{pair.first:03}{pair.second:03}"}
    assert challenge.is_index_numbers(pair, entered) is (entered in forms)


@pytest.mark.parametrize("entered", ["032117", "32117", "117"])
def test_the_index_numbers_the_wrong_way_round_are_just_wrong(entered: str) -> None:
    assert not challenge.is_index_numbers(Pair(117, 32), entered)


def test_every_index_number_can_stand_at_every_place() -> None:
    rng = random.Random(2)
    drawn = [challenge.shuffle(rng) for _ in range(4000)]
    assert all(len(set(places)) == CELLS for places in zip(*drawn, strict=True))


def test_the_shuffle_is_even() -> None:
    rng, rounds = random.Random(3), 4480
    first = Counter(challenge.shuffle(rng)[0] for _ in range(rounds))
    expected = rounds / CELLS
    chi_square = sum((first[index] - expected) ** 2 / expected for index in range(1, CELLS + 1))
    # 223 degrees of freedom: 320 is passed by an even shuffle once in 50,000 times.
    assert chi_square < 320
