"""What a password may be: long, not guessed first, and otherwise whatever its owner likes."""

from __future__ import annotations

import unicodedata

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from accounts.password_rules import MAX_LENGTH, Weakness, normalise, weakness_of, words_of
from securelogin.conf import policy

LEAST = 8
OWN = words_of(["jane.sample@mail.example", "Jane", "Sample", "Example Brokerage", "410445550101"])


def judged(password: str) -> Weakness | None:
    """What the rules say about a password of Jane Sample's."""
    return weakness_of(normalise(password), OWN, least=LEAST)


@pytest.mark.parametrize(
    "password",
    [
        "paper-lantern-87",
        "correct horse battery staple",
        " leading and trailing ",
        "83920174659201",
        "ohnegrossbuchstaben",
        "NURGROSSBUCHSTABEN",
        "ünîcödé päßwört",
        "密码是一句很长的话",
        "🦊🐢🌵🚲🪁🎈🧶🪴",
        "a jane in the rain, a lantern in the lane",
        "x7!q" * 16,
        "pL4n" * 64,
    ],
)
def test_any_kind_of_character_will_do(password: str) -> None:
    assert judged(password) is None


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("", Weakness.SHORT),
        ("xk4!pq7", Weakness.SHORT),
        ("🦊🐢🌵🚲🪁🎈🧶", Weakness.SHORT),
        ("pL4n" * 64 + "x", Weakness.LONG),
        ("zzzzzzzz", Weakness.RUN),
        ("abababababab", Weakness.RUN),
        ("bcdefghijk", Weakness.RUN),
        ("98765432", Weakness.RUN),
        ("jane.sample", Weakness.OWN_WORDS),
        ("Jane-Sample-1984", Weakness.OWN_WORDS),
        ("SAMPLE sample sample", Weakness.OWN_WORDS),
        ("jané.sämple!!!!!!!!!!", Weakness.OWN_WORDS),
        ("ExampleBrokerage1", Weakness.OWN_WORDS),
        ("410445550101", Weakness.OWN_WORDS),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, weakness: Weakness) -> None:
    assert judged(password) is weakness


def test_each_character_counts_once_however_the_keyboard_writes_it() -> None:
    composed, apart = "é" * 8, "e\u0301" * 8
    assert len(apart) == 16
    assert normalise(apart) == composed
    assert judged("é1ü2ö3ä") is judged(unicodedata.normalize("NFD", "é1ü2ö3ä")) is Weakness.SHORT


def test_nothing_but_the_way_of_writing_is_changed() -> None:
    for one, other in (("Ⅷ", "VIII"), ("\uff11", "1"), ("ﬁ", "fi"), ("A", "a"), (" x", "x")):
        assert normalise(one) != normalise(other)


@given(st.text(min_size=LEAST, max_size=MAX_LENGTH))
def test_a_password_without_own_words_is_judged_by_length_and_runs_only(password: str) -> None:
    weakness = weakness_of(normalise(password), frozenset(), least=LEAST)
    assert weakness in {None, Weakness.SHORT, Weakness.RUN}


@given(st.text(max_size=40), st.text(alphabet="abcdefghijklmnop-_. ", max_size=12))
def test_own_words_never_help(password: str, name: str) -> None:
    """What is refused without a word of one's own is refused with it in front, too."""
    words = words_of([name])
    longest = max(words, key=len, default="")
    if weakness_of(normalise(password), words, least=LEAST) is Weakness.SHORT and longest:
        assert weakness_of(normalise(longest + password), words, least=LEAST) is not None


def test_words_are_taken_from_names_and_addresses() -> None:
    assert words_of(["Jane_Sample-Muster@mail.example", "Li", "Ü"]) == {
        "jane",
        "sample",
        "muster",
        "mail",
        "example",
    }


# As Django asks ---------------------------------------------------------------------------------


@pytest.fixture
def lea() -> User:
    """Somebody with contact data; not stored."""
    return User(
        username="lea.muster",
        first_name="Léa",
        last_name="Muster",
        email="lea@mailbox.example",
        notify_email="second@elsewhere.example",
        phone="+41 (0)44 555 01 01",
    )


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "Use at least 8 characters."),
        ("y" * 300 + "abc", "at most 256 characters. You entered 303."),
        ("12345678", "in a row"),
        ("Password1", "Many people use this password"),
        ("trustno1", "Many people use this password"),
        ("lea-muster-99", "do not count in a password"),
        ("Mailbox.Elsewhere", "do not count in a password"),
        ("044 555 01 01", "do not count in a password"),
        (f"{django_settings.BRAND['name']}!!", "do not count in a password"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(lea: User, password: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, lea)
    assert any(words in message for message in refused.value.messages)
    assert not any(password in message for message in refused.value.messages)


def test_a_good_password_passes_with_and_without_a_user(lea: User) -> None:
    for user in (lea, None):
        validate_password("four unrelated teapots", user)


def test_the_least_length_is_that_of_the_policy(settings: Settings) -> None:
    settings.SECURELOGIN = {"password_min_length": 15}
    assert policy().password_min_length == 15
    with pytest.raises(ValidationError, match="at least 15 characters"):
        validate_password("paper-lantern")


@pytest.mark.parametrize(
    "hasher", ["accounts.hashers.PortalArgon2PasswordHasher", "tests.hashers.QuickHasher"]
)
def test_the_hasher_takes_both_ways_of_writing_for_one(settings: Settings, hasher: str) -> None:
    settings.PASSWORD_HASHERS = [hasher]
    composed, apart = (
        unicodedata.normalize(form, "crème brûlée au café") for form in ("NFC", "NFD")
    )
    assert composed != apart
    for stored, typed in ((composed, apart), (apart, composed)):
        assert check_password(typed, make_password(stored))
        assert not check_password(f"{typed} ", make_password(stored))
        assert not check_password(typed[:-1], make_password(stored))


def test_a_long_password_is_verified_in_full() -> None:
    long = "pL4n" * 64
    assert len(long) == MAX_LENGTH
    stored = make_password(long)
    assert check_password(long, stored)
    assert not check_password(f"{long[:-1]}x", stored)
