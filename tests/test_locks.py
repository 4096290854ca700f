"""The lock files install on a stranger's machine: hashes for everything, no addresses in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
NAMES = ("base", "production", "dev")
# An index, a host or a file of one machine would make the lock useless on another.
ADDRESS = re.compile(
    r"://|^\s*(-i|-f|-e|--(extra-)?index(-url)?|--find-links|--trusted-host|--editable)\b|@\s*(file|git)",
    re.MULTILINE,
)
REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^]]*\])?")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, str]:
    """Package name -> the whole entry (version, marker, hashes) in NAME.lock."""
    text = (REQUIREMENTS / f"{name}.lock").read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {canonical(entry.split("==")[0].split("[")[0].strip()): entry for entry in entries}


def asked_for(name: str) -> set[str]:
    """Package names that NAME.in asks for, those of the files that it reads included."""
    names: set[str] = set()
    for raw in (REQUIREMENTS / f"{name}.in").read_text().splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith("-r "):
            names |= asked_for(line.removeprefix("-r ").strip().removesuffix(".in"))
        elif found := REQUIREMENT.match(line):
            names.add(canonical(found[1]))
    return names


def version(entry: str) -> str:
    return entry.split("--hash")[0].strip()


@pytest.mark.parametrize("file", sorted(REQUIREMENTS.iterdir()), ids=lambda file: file.name)
def test_it_names_no_index_host_or_file(file: Path) -> None:
    assert not ADDRESS.findall(file.read_text())


@pytest.mark.parametrize("name", NAMES)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    entries = locked(name)
    assert entries
    for entry in entries.values():
        assert re.match(r"^[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+", entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry[:80]


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_holds_what_is_asked_for(name: str) -> None:
    assert asked_for(name) <= locked(name).keys()


@pytest.mark.parametrize(("small", "large"), [("base", "production"), ("production", "dev")])
def test_a_larger_lock_holds_the_smaller_one(small: str, large: str) -> None:
    """So one environment serves the demo and the tests, and tests run what is served."""
    larger = {name: version(entry).split(" ;")[0] for name, entry in locked(large).items()}
    for name, entry in locked(small).items():
        assert larger[name] == version(entry).split(" ;")[0]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--find-links /opt/wheels",
        "-f wheels",
        "six @ file:///six.whl",
        "-e .",
    ],
)
def test_the_guard_sees_an_address(line: str) -> None:
    assert ADDRESS.search(f"six==1\n{line}\n")
