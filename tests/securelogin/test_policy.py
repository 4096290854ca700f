"""The numbers: what an installation may change, and the nonsense that is refused at the start."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from securelogin.conf import policy
from securelogin.policy import _BOUNDS, Policy

NUMBERS = [field.name for field in fields(Policy) if field.name != "code_single_use"]
# Two pairs of numbers also depend on each other; their partner is set so that it does not refuse.
PARTNERS: dict[str, dict[str, Any]] = {
    "idle_minutes": {"warning_minutes": 2},
    "warning_minutes": {"idle_minutes": 15},
    "code_full_days": {"code_card_only_days": 10},
    "code_card_only_days": {"code_full_days": 2},
}


def changed(name: str, number: Any) -> Policy:
    """A policy with one number changed."""
    default = getattr(Policy(), name)
    value = (number,) * len(default) if isinstance(default, tuple) else number
    return Policy.of({**PARTNERS.get(name, {}), name: value})


def test_it_has_the_numbers_of_the_sources() -> None:
    numbers = Policy()
    assert numbers.code_full == timedelta(days=2)
    assert numbers.code_life == timedelta(days=12)
    assert numbers.card_life == timedelta(days=21)
    assert numbers.activation_wait == timedelta(hours=24)
    assert numbers.lock_life == timedelta(hours=24)
    assert numbers.pending_life == timedelta(minutes=5)
    assert numbers.idle_life == timedelta(minutes=15)
    assert numbers.absolute_life == timedelta(hours=8)
    assert (numbers.code_digits, numbers.activation_attempts, numbers.cards_per_code) == (9, 5, 3)


def test_every_number_has_a_floor_and_a_ceiling() -> None:
    assert set(_BOUNDS) == set(NUMBERS)


@pytest.mark.parametrize("name", NUMBERS)
@given(number=st.integers(-10_000, 10_000))
def test_it_takes_exactly_the_numbers_within_the_bounds(name: str, number: int) -> None:
    floor, ceiling = _BOUNDS[name]
    if floor <= number <= ceiling:
        default = getattr(Policy(), name)
        expected = (number,) * len(default) if isinstance(default, tuple) else number
        assert getattr(changed(name, number), name) == expected
    else:
        with pytest.raises(ValueError, match=name):
            changed(name, number)


@pytest.mark.parametrize("name", NUMBERS)
def test_both_bounds_are_allowed(name: str) -> None:
    for number in _BOUNDS[name]:
        changed(name, number)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [True, "5", 5.0, None])
def test_it_refuses_what_is_no_whole_number(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        changed(name, value)


def test_it_refuses_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="card_weeks"):
        Policy.of({"card_weeks": 3})


@pytest.mark.parametrize("value", ["false", 1, None])
def test_it_refuses_a_switch_that_is_neither_true_nor_false(value: object) -> None:
    with pytest.raises(ValueError, match="code_single_use"):
        Policy.of({"code_single_use": value})


@pytest.mark.parametrize("name", ["card_days", "idle_minutes"])
def test_it_refuses_several_numbers_where_one_is_meant(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Policy.of({name: [10, 10]})


@pytest.mark.parametrize("name", ["card_reminder_days", "logins_left_warnings"])
def test_it_refuses_one_number_where_several_are_meant(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Policy.of({name: 5})


def test_it_refuses_a_warning_that_comes_with_the_end() -> None:
    with pytest.raises(ValueError, match="warning_minutes"):
        Policy.of({"idle_minutes": 5, "warning_minutes": 5})


def test_it_refuses_a_code_that_is_over_at_its_issue() -> None:
    with pytest.raises(ValueError, match="code_full_days"):
        Policy.of({"code_full_days": 0, "code_card_only_days": 0})


def test_it_cannot_be_changed_while_it_is_in_force() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().card_days = 22  # type: ignore[misc]


def test_a_list_from_the_environment_is_taken() -> None:
    assert Policy.of({"card_reminder_days": [7, 2]}).card_reminder_days == (7, 2)


def test_settings_are_read_again_when_a_test_changes_them(settings: Settings) -> None:
    settings.SECURELOGIN = {"card_days": 14}
    assert policy().card_days == 14
    settings.SECURELOGIN = {}
    assert policy().card_days == 21


def test_a_refused_number_stops_the_start(settings: Settings) -> None:
    settings.SECURELOGIN = {"card_days": 365}
    with pytest.raises(ImproperlyConfigured, match="card_days"):
        policy()
