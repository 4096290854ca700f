"""What a person types as a serial, where it is none."""

from __future__ import annotations

import pytest

from securelogin.serials import Serials


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("osc 7k3m-49qf", "OSC-7K3M-49QF"),
        # Too short, and with the first letters of something else: nothing is made up.
        ("osc 7k3m", "OSC7K3M"),
        ("abc 7k3m 49qf", "ABC7K3M49QF"),
    ],
)
def test_only_what_has_the_form_of_a_serial_is_put_into_it(typed: str, kept: str) -> None:
    assert Serials("OSC").normalise(typed) == kept
