"""Fills databases of several sizes, measures every page, act and job in each, and prints a table.

``python -m tests.growth`` goes up to 100,000 clients, ``python -m tests.growth 1000000`` to a
million. Ends with status 1 if an act asks more often in a larger portal, reads a table from one
end to the other, or touches more than 1.3 times the blocks.
"""

from __future__ import annotations

import logging
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django
from django.test.utils import setup_test_environment

SIZES = (1_000, 100_000, 1_000_000)
DEFAULT = 100_000


def main(arguments: list[str]) -> int:
    """Zero if the portal is as quick at the largest size as at the smallest."""
    django.setup()
    setup_test_environment()
    # Each event has a line in the log; here they would hide the table.
    logging.disable(logging.INFO)
    from tests import postgres
    from tests.growth import comparing

    if not postgres.URL:
        print("This needs PostgreSQL: set TEST_POSTGRES_URL.")
        return 1
    largest = int(arguments[0]) if arguments else DEFAULT
    sizes = sorted({size for size in SIZES if size < largest} | {largest})
    measured = {}
    for size in sizes:
        with postgres.database(f"test_growth_{size}") as made, postgres.default(made):
            measured[size] = comparing.measure(size, print)
    return comparing.tell(measured, print)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
