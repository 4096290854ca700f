"""What is typed and what is on file are brought together, however each was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import search


def finds(term: str, text: str) -> bool:
    """As the database does: everything to look for occurs."""
    needles = search.needles(search.clean(term))
    return bool(needles) and all(needle in text for needle in needles)


JANE = search.text_of(
    "Anna-Léa", "MÜLLER", "a.mueller", "a.mueller@mail.example", phone="+41 (0)44 555 01 01"
)


@pytest.mark.parametrize(
    "term",
    [
        "anna",
        "Anna-Lea Müller",
        "muller ANNA",
        "  lea   mul  ",
        "Müller",
        "a.mueller@mail.example",
        "A.Mueller@MAIL",
        "044 555 01 01",
        "+41 44 555 01 01",
        "0041445550101",
        "555-01-01",
        "５５５０１０１",
    ],
)
def test_a_client_is_found_by_what_a_caller_says(term: str) -> None:
    assert finds(term, JANE)


@pytest.mark.parametrize("term", ["uller", "mail.example", "555 02 02", "anna smith", "nna"])
def test_somebody_else_is_not(term: str) -> None:
    assert not finds(term, JANE)


@pytest.mark.parametrize("term", ["", "   ", "--", "…", "+", ". @", "%", "_", "\u202e", "\t\n"])
def test_nothing_to_look_for_finds_nobody(term: str) -> None:
    assert search.needles(search.clean(term)) == []


def test_a_number_of_zeros_is_a_number() -> None:
    assert finds("000 000 101", search.text_of(phone="+00 000 000 101"))


def test_short_digits_are_no_phone_number() -> None:
    assert search.needles("4421") == [" 4421"]


@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\u00ad", "\ufeff"])
def test_a_mark_that_cannot_be_seen_does_not_count(mark: str) -> None:
    assert search.clean(f"{mark}Ja{mark}ne Sample") == "Jane Sample"


@pytest.mark.parametrize("gap", ["\n", "\t", "\x1b", "\u00a0", "\u2028", "   "])
def test_every_kind_of_gap_is_one_space(gap: str) -> None:
    assert search.clean(f"{gap}Jane{gap}Sample{gap}") == "Jane Sample"


@given(st.text(max_size=300))
def test_any_text_has_a_bounded_number_of_questions(text: str) -> None:
    needles = search.needles(search.clean(text))
    assert len(needles) <= 6
    assert all(any(char.isalnum() for char in needle) for needle in needles)


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_client_is_found_by_the_own_name(first: str, last: str) -> None:
    term = search.clean(f"{first} {last}")
    digits = search.digits_of(term)
    if len(digits) < search.LEAST_DIGITS and search.needles(term):
        assert finds(term, search.text_of(first, last, phone=""))
