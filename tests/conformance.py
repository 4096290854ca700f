"""Reads the pages on conformance and threats: ids, tests, files, numbers, and what is wrong."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

from securelogin.policy import Policy

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

# The requirements that were taken as the measure. A new one is added here first.
ASVS = """
2.3.1 2.3.3 2.3.4 2.3.5 2.4.1
3.1.1 3.2.1 3.2.2 3.2.3 3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7
3.4.8 3.5.1 3.5.2 3.5.3 3.5.4 3.5.5 3.5.6 3.5.7 3.5.8 3.6.1 3.7.1 3.7.2 3.7.3 3.7.4 3.7.5
5.4.1 5.4.2
6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12
6.3.1 6.3.2 6.3.3 6.3.4 6.3.5 6.3.6 6.3.7 6.3.8 6.4.1 6.4.2 6.4.3 6.4.4 6.4.5 6.4.6
6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.6 6.5.7 6.5.8 6.6.1 6.6.2 6.6.3 6.6.4 6.7.1 6.7.2
6.8.1 6.8.2 6.8.3 6.8.4
7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5
7.5.1 7.5.2 7.5.3 7.6.1 7.6.2
8.2.1 8.2.2 8.2.3 8.3.2 8.4.2
11.1.1 11.1.2 11.1.3 11.1.4 11.2.1 11.2.2 11.2.3 11.2.4 11.2.5 11.3.1 11.3.2 11.3.3 11.3.4 11.3.5
11.4.1 11.4.2 11.4.3 11.4.4 11.5.1 11.5.2 11.6.1 11.6.2 11.7.1 11.7.2
12.1.1 12.2.1 13.3.1 13.4.2 13.4.3 13.4.4 13.4.5 13.4.6
14.1.1 14.1.2 14.2.1 14.2.2 14.2.3 14.2.4 14.2.5 14.2.6 14.2.7 14.2.8 14.3.1 14.3.2 14.3.3
15.1.3 15.2.2 15.3.3 15.3.4 15.4.2
16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3
16.5.1 16.5.2 16.5.3 16.5.4
"""
WCAG = """
1.1.1 1.3.1 1.3.2 1.3.5 1.4.1 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 2.1.1 2.1.2 2.2.1 2.2.2
2.4.2 2.4.3 2.4.6 2.4.7 2.4.11 2.5.3 2.5.8 3.1.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.3 3.3.4 3.3.7 3.3.8
4.1.2 4.1.3
"""
HEADERS = """
Content-Security-Policy Cache-Control Clear-Site-Data Strict-Transport-Security
X-Content-Type-Options Referrer-Policy Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy
Permissions-Policy X-Frame-Options X-Robots-Tag Content-Disposition Content-Type Server
"""
IDS = {
    *(f"X-{number}" for number in range(1, 17)),
    *(f"N-{number:02}" for number in range(1, 49)),
    *(f"U-{number:02}" for number in range(1, 13)),
    *(f"D-{number:02}" for number in range(1, 24)),
    *(f"C-{number:02}" for number in range(1, 14)),
    *(f"P-{number:02}" for number in range(1, 28)),
    *(f"V{number}" for number in ASVS.split()),
    *(f"SC {number}" for number in WCAG.split()),
    *HEADERS.split(),
    "axe",
}
ID = re.compile(r"\b(?:[XNUDCP]-\d+|V\d+\.\d+\.\d+|SC \d+\.\d+\.\d+)\b")
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
FILE = re.compile(r"`((?:accounts|portal|securelogin|static|templates|tests|docs)/[\w./-]+)`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


# Reading ----------------------------------------------------------------------------------------


def sections(text: str, level: int = 2) -> dict[str, str]:
    """Heading -> what stands below it, for the headings of one level."""
    parts = re.split(rf"^{'#' * level} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, without the heads."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        if set(line) <= set("|- :"):
            found.pop()  # the line above was the head
            continue
        found.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return found


def ids_of(page: str) -> Iterator[str]:
    """Every id of the page on conformance, as often as it is answered."""
    for name, text in sections(page).items():
        if name == "Not applicable":
            yield from ID.findall(text)
        elif name != "7 Numbers":
            for row in rows(text):
                yield from row[0].split(", ")


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests of a file, those in classes as ``Class::name``; not imported."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (part for part in node.body if isinstance(part, ast.FunctionDef))
            found |= {f"{node.name}::{part.name}" for part in inner}
    return frozenset(found)


# What can be wrong with a page ------------------------------------------------------------------


def missing_tests(text: str) -> list[str]:
    """Named tests that do not exist."""
    return [f"{path}::{name}" for path, name in TEST.findall(text) if name not in names_in(path)]


def missing_files(text: str) -> list[str]:
    """Named files and linked pages that do not exist."""
    links = [link for link in LINK.findall(text) if "://" not in link]
    return [name for name in FILE.findall(text) if not (ROOT / name).exists()] + [
        link for link in links if not (DOCS / link).exists()
    ]


def wrong_ids(page: str) -> dict[str, int]:
    """Ids that do not stand on the page exactly once, or that nobody knows: how often they do."""
    found = Counter(ids_of(page))
    return {name: found[name] for name in IDS | found.keys() if found[name] != (name in IDS)}


def unproven(page: str) -> list[str]:
    """Rows of the groups that name no test, and deviations without what differs or remains."""
    apart = {"7 Numbers", "Deviations", "Not applicable", "Open"}
    groups = (text for name, text in sections(page).items() if name not in apart)
    found = [row[0] for text in groups for row in rows(text) if not TEST.search(row[-1])]
    for row in rows(sections(page).get("Deviations", "")):
        link = LINK.search(row[-1])
        if len(row) != 5 or not all(row) or not link or not link[1].startswith("decisions/"):
            found.append(row[0])
    return found


def wrong_numbers(page: str) -> list[str]:
    """Numbers of the policy that are not those in force."""
    known = {field.name: str(field.default) for field in fields(Policy)}
    return [
        f"{name}: {said}"
        for name, said, *_limit in rows(sections(page)["7 Numbers"])
        if known.get(name.strip("`")) != said
    ]
