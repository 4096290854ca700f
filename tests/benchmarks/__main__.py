"""Runs the benchmarks of this folder, all or those named, and prints one table."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"

import django
from django.conf import settings
from django.test.utils import setup_databases, teardown_databases

from tests.benchmarks import table
from tests.benchmarks.harness import Row

PREFIX = "bench_"


def main(wanted: list[str]) -> int:
    """Zero if every ratio keeps its goal, one if not, two if there is no such benchmark.

    Args:
        wanted: names of benchmarks, such as ``pages``; all of them if there is none.
    """
    there = sorted(file.stem.removeprefix(PREFIX) for file in Path(__file__).parent.glob("bench_*"))
    if unknown := set(wanted) - set(there):
        print(f"No benchmark {', '.join(sorted(unknown))}. There are: {', '.join(there)}.")
        return 2
    django.setup()
    # Not setup_test_environment: its instrumented templates would be measured, too.
    settings.ALLOWED_HOSTS = ["testserver"]
    databases = setup_databases(verbosity=0, interactive=False)
    rows: list[Row] = []
    try:
        for name in wanted or there:
            rows += import_module(f"tests.benchmarks.{PREFIX}{name}").run()
    finally:
        teardown_databases(databases, verbosity=0)
    print(*table.lines(rows), sep="\n")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
