"""What is hidden of a client's data stays hidden, however long or odd it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk.masking import masked_email, masked_phone, masked_username

digits = st.text("0123456789", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("username", "masked"),
    [
        ("jane.sample7", "j•••••7"),
        ("jan", "j•••••n"),
        ("jo", "j•••••"),
        ("j", "•••••"),
        ("", "•••••"),
    ],
)
def test_a_user_name_shows_its_ends(username: str, masked: str) -> None:
    assert masked_username(username) == masked


@given(st.text("abcdefgh", min_size=3, max_size=150))
def test_a_masked_user_name_does_not_tell_its_length(username: str) -> None:
    assert masked_username(username) == f"{username[0]}•••••{username[-1]}"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("jane@mail.example", "j•••@m•••.example"),
        ('"a@b"@mail.example', '"•••@m•••.example'),
        ("jane@a.b.example", "j•••@a•••.example"),
        ("", ""),
    ],
)
def test_an_address_shows_two_letters_and_the_top_domain(address: str, masked: str) -> None:
    assert masked_email(address) == masked


@given(st.text("abc", min_size=2), st.text("def", min_size=2), st.sampled_from(["example", "org"]))
def test_of_an_address_the_rest_is_hidden(local: str, host: str, top: str) -> None:
    assert masked_email(f"{local}@{host}.{top}") == f"{local[0]}•••@{host[0]}•••.{top}"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+41 44 555 01 01", "••• 101"),
        ("0445550101", "••• 101"),
        ("555 010", "•••"),
        ("no phone", "•••"),
        ("", ""),
    ],
)
def test_a_number_shows_its_last_three_digits(number: str, masked: str) -> None:
    assert masked_phone(number) == masked


@given(digits)
def test_of_a_number_no_more_than_three_digits_are_shown(number: str) -> None:
    assert sum(char.isdecimal() for char in masked_phone(number)) <= 3
