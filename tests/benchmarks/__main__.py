"""Runs every benchmark of this folder and prints one table."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"

import django
from django.conf import settings
from django.test.utils import setup_databases, teardown_databases

from tests.benchmarks.harness import Row


def main() -> int:
    """Zero if every ratio keeps its limit."""
    django.setup()
    # Not setup_test_environment: its instrumented templates would be measured, too.
    settings.ALLOWED_HOSTS = ["testserver"]
    databases = setup_databases(verbosity=0, interactive=False)
    rows: list[Row] = []
    try:
        for module in sorted(Path(__file__).parent.glob("bench_*.py")):
            rows += import_module(f"tests.benchmarks.{module.stem}").run()
    finally:
        teardown_databases(databases, verbosity=0)
    print(f"{'what':<44} {'ratio':>8} {'limit':>8}  floor; figures")
    for row in rows:
        limit = "-" if row.limit is None else f"{row.limit:.2f}"
        mark = "" if row.passed else "  TOO SLOW"
        note = f"; {row.note}" if row.note else ""
        print(f"{row.name:<44} {row.ratio:>8.2f} {limit:>8}  {row.floor}{note}{mark}")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
