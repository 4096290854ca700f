"""Prints the parts of the portal as CycloneDX JSON (a bill of materials), from the lock file.

With it an operator learns from a list of known holes which of their installations has one. The
same lock gives the same text, byte for byte. The lock's own hashes stay out: they are of many files
of a part, for different machines, and CycloneDX has one place for one file's.
"""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "production.lock"
_PART = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?")


def parts_of(lock: str) -> list[dict[str, Any]]:
    """The components of a lock file, in its order.

    Args:
        lock: its text, of the form that ``uv pip compile --generate-hashes`` writes.

    Raises:
        ValueError: a line that names no part with one version: a list with gaps is worse than none.
    """
    parts = []
    for line in lock.splitlines():
        if not line.strip() or line.startswith((" ", "#")):
            continue
        found = _PART.fullmatch(line)
        if not found:
            raise ValueError(f"Not a part with one version: {line}")
        name, version, marker = found.groups()
        purl = f"pkg:pypi/{name.lower()}@{version}"
        part: dict[str, Any] = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            # With a condition: not installed everywhere.
            "scope": "optional" if marker else "required",
        }
        if marker:
            part["properties"] = [{"name": "python:marker", "value": marker}]
        parts.append(part)
    return parts


def bill(lock: str, project: dict[str, str]) -> dict[str, Any]:
    """The whole document.

    Args:
        lock: text of the lock file.
        project: ``name`` and ``version`` of the portal.
    """
    name, version = project["name"], project["version"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}@{version}{lock}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": f"{name}@{version}",
                "name": name,
                "version": version,
            }
        },
        "components": parts_of(lock),
    }


def main() -> None:
    """The bill of this working copy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    print(json.dumps(bill(LOCK.read_text(), project), indent=2))


if __name__ == "__main__":
    main()
