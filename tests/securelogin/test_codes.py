"""Codes of digits: what people type is forgiven, what is drawn can be read out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin import codes
from securelogin.codes import Problem

digits = st.text("0123456789", min_size=1, max_size=20)
# Spaces, hyphens, dashes, dots, no-break and invisible marks that are typed or pasted along.
SEPARATORS = " \t\n\u00a0\u2009\u200b\u2060\ufeff\u00ad-‐‑–—.\u3000"
KINDS_OF_DIGITS = {
    "full-width": "０１２３４５６７８９",
    "Arabic": "٠١٢٣٤٥٦٧٨٩",
    "Devanagari": "०१२३४५६७८९",
    "bold": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
}
seeds = st.integers(0, 2**32).map(random.Random)


@given(digits, st.lists(st.text(SEPARATORS, max_size=3), min_size=21, max_size=21))
def test_it_forgives_separators_between_all_digits(code: str, marks: list[str]) -> None:
    typed = "".join(mark + digit for mark, digit in zip(marks, code, strict=False)) + marks[-1]
    assert codes.clean(typed) == code


@pytest.mark.parametrize("kind", KINDS_OF_DIGITS)
@given(code=digits)
def test_it_forgives_every_kind_of_digit(kind: str, code: str) -> None:
    typed = "".join(KINDS_OF_DIGITS[kind][int(digit)] for digit in code)
    assert codes.clean(typed) == code


@given(st.text(), st.integers(1, 12))
def test_cleaning_twice_changes_no_judgement(typed: str, length: int) -> None:
    once = codes.clean(typed)
    assert codes.problem_of(codes.clean(once), length) is codes.problem_of(once, length)


@given(st.text(), digits)
def test_it_never_makes_a_code_of_text_with_a_letter(around: str, code: str) -> None:
    assert codes.problem_of(codes.clean(f"{around}{code}x"), len(code)) is Problem.NOT_DIGITS


@given(st.text(max_size=30), st.integers(1, 12))
def test_it_passes_only_the_wanted_number_of_ascii_digits(typed: str, length: int) -> None:
    cleaned = codes.clean(typed)
    is_code = len(cleaned) == length and set(cleaned) <= set("0123456789")
    assert (codes.problem_of(cleaned, length) is None) is is_code


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", Problem.EMPTY),
        (" - . ", Problem.EMPTY),
        ("12345678", Problem.LENGTH),
        ("1234567890", Problem.LENGTH),
        ("12345678O", Problem.NOT_DIGITS),
        ("½23456789", Problem.NOT_DIGITS),
        ("+12345678", Problem.NOT_DIGITS),
        ("1e5", Problem.NOT_DIGITS),
        ("123 456 789", None),
    ],
)
def test_it_names_the_problem(typed: str, problem: Problem | None) -> None:
    assert codes.problem_of(codes.clean(typed), 9) is problem


@given(seeds, st.integers(8, 12))
def test_a_drawn_code_can_be_read_out(rng: random.Random, length: int) -> None:
    code = codes.draw(length, rng)
    assert codes.problem_of(code, length) is None
    assert not any(digit * 3 in code for digit in "0123456789")
    upwards, downwards = "0123456789" * 3, "9876543210" * 3
    assert code not in upwards
    assert code not in downwards


def test_every_digit_can_stand_at_every_place() -> None:
    rng = random.Random(1)
    drawn = [codes.draw(9, rng) for _ in range(500)]
    for place in range(9):
        assert {code[place] for code in drawn} == set("0123456789")


class Script:
    """A source of randomness that says what it is told."""

    def __init__(self, said: str) -> None:
        self.said = iter(said)

    def randrange(self, stop: int, /) -> int:
        """The next digit."""
        assert stop == 10
        return int(next(self.said))


@pytest.mark.parametrize("refused", ["111222333", "123456789", "987654321", "890123456"])
def test_a_code_that_is_misheard_is_drawn_again(refused: str) -> None:
    assert codes.draw(9, Script(refused + "482719036")) == "482719036"


@given(digits)
def test_groups_and_words_say_every_digit_in_order(code: str) -> None:
    assert "".join(codes.groups(code)) == code
    assert all(len(group) == 3 for group in codes.groups(code)[:-1])
    spoken = " ".join(codes.words(code)).split()
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert "".join(str(names.index(word)) for word in spoken) == code


@pytest.mark.parametrize("language", ["", "xx", "en", "EN", "en-GB"])
def test_a_language_without_words_is_read_in_english(language: str) -> None:
    assert codes.words("482", language) == ["four eight two"]


@pytest.mark.parametrize("language", ["de", "DE", "de-CH"])
def test_a_language_with_words_is_read_in_them(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
    monkeypatch.setitem(codes._WORDS, "de", german)
    assert codes.words("482", language) == ["vier acht zwei"]
    assert codes.words("482") == ["four eight two"]


SPOKEN_APART = st.sampled_from(["", " ", "-", " - ", ".", "\u00a0", "–", "\u200b", ", ", "/"])
AROUND = st.sampled_from(["", "the code is ", "T-88121 ", "(", "INC ", "Ref: "])


@given(
    seeds, st.integers(8, 12), st.sampled_from([1, 2, 3, 12]), SPOKEN_APART, AROUND, st.booleans()
)
def test_a_code_in_a_text_is_seen(
    rng: random.Random, length: int, size: int, between: str, before: str, wide: bool
) -> None:
    code = codes.draw(length, rng)
    groups = [code[start : start + size] for start in range(0, length, size)]
    text = before + between.join(groups)
    if wide:
        text = text.translate({ord(str(n)): char for n, char in enumerate("０１２３４５６７８９")})
    assert codes.holds_code(text, length)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "T-88121",
        "INC0012345678",
        "2025-10-24",
        "24.10.2025 14:05",
        "Flies on 2025-10-24, gate 12",
        "called +41 44 555 01 01",
        "10.0.0.12",
        "12345678",
        "1234567890",
        "482 719 03",
        "12 34 56 78",
        "1234 5678 9",
        "482 then 719 then 036",
    ],
)
def test_other_numbers_in_a_text_are_no_code(text: str) -> None:
    assert not codes.holds_code(text, 9)
