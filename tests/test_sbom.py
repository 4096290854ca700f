"""The list of parts: all of them, each with its version, in the form that scanners read."""

from __future__ import annotations

import json
import re
from importlib.metadata import version

import pytest

from scripts import sbom

TEXT = """\
django==5.2.19 \\
    --hash=sha256:00
psycopg[binary]==3.3.9 ; python_version < '3.14' \\
    --hash=sha256:01 \\
    --hash=sha256:02
"""
PROJECT = {"name": "portal", "version": "1"}


def test_each_part_has_its_name_its_version_and_its_condition() -> None:
    assert sbom.parts_of(TEXT) == [
        {
            "type": "library",
            "bom-ref": "pkg:pypi/django@5.2.19",
            "name": "django",
            "version": "5.2.19",
            "purl": "pkg:pypi/django@5.2.19",
            "scope": "required",
        },
        {
            "type": "library",
            "bom-ref": "pkg:pypi/psycopg@3.3.9",
            "name": "psycopg",
            "version": "3.3.9",
            "purl": "pkg:pypi/psycopg@3.3.9",
            "scope": "optional",
            "properties": [{"name": "python:marker", "value": "python_version < '3.14'"}],
        },
    ]


@pytest.mark.parametrize("line", ["django>=5", "-e .", "https://evil.example/x.whl", "django"])
def test_a_line_that_names_no_version_is_an_error_and_no_gap(line: str) -> None:
    with pytest.raises(ValueError, match="Not a part"):
        sbom.parts_of(f"{TEXT}{line}\n")


def test_the_printed_list_holds_every_part_that_is_installed_in_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sbom.main()
    document = json.loads(capsys.readouterr().out)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"]
    )
    parts = {part["name"]: part["version"] for part in document["components"]}
    assert (
        len(parts)
        == len(document["components"])
        == sbom.LOCK.read_text().count("==")
        - sum("==" in line.partition(";")[2] for line in sbom.LOCK.read_text().splitlines())
    )
    for name in ("django", "django-otp", "argon2-cffi", "weasyprint"):
        assert parts[name] == version(name)
    assert document["metadata"]["component"]["name"] == "secure-login-portal"


def test_the_same_lock_gives_the_same_list_and_another_another() -> None:
    first, again = (sbom.bill(TEXT, PROJECT) for _ in range(2))
    assert first == again
    other = sbom.bill(TEXT.replace("5.2.19", "5.2.20"), PROJECT)
    assert other["serialNumber"] != first["serialNumber"]
