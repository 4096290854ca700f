"""Every environment variable that the settings read is explained in .env.example."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")


def variables_read(source: str) -> set[str]:
    """Names that stand as the first argument of a call on `env` or of a reader of portal.env.

    `env("A")`, `env.str("B")`, `env.env.list("C")`, `required("D")`.
    """
    names: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if not (isinstance(call, ast.Call) and call.args):
            continue
        root, first = call.func, call.args[0]
        while isinstance(root, ast.Attribute):
            root = root.value
        if (
            isinstance(root, ast.Name)
            and root.id in {"env", "required", "keys", "networks"}
            and isinstance(first, ast.Constant)
            and VARIABLE.fullmatch(str(first.value))
        ):
            names.add(str(first.value))
    return names


def settings_variables() -> set[str]:
    return variables_read((ROOT / "portal/settings.py").read_text()) | variables_read(
        (ROOT / "portal/env.py").read_text()
    )


def example_lines() -> dict[str, str]:
    """Variable -> the comment lines above it in .env.example."""
    lines: dict[str, str] = {}
    comment = ""
    for line in (ROOT / ".env.example").read_text().splitlines():
        if found := re.fullmatch(r"(?:# )?([A-Z][A-Z0-9_]+)=.*", line):
            lines[found[1]] = comment
            comment = ""
        elif line.startswith("# "):
            comment += line.removeprefix("# ")
        else:
            comment = ""
    return lines


def test_the_settings_read_variables() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "ANSWER_KEYS"} <= settings_variables()


def test_it_names_exactly_the_variables_that_are_read() -> None:
    assert example_lines().keys() == settings_variables()


def test_each_variable_is_explained() -> None:
    assert [name for name, comment in example_lines().items() if not comment] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('env.required("A_KEY")', {"A_KEY"}),
        ('x = env.env.list("B_LIST", default=[])', {"B_LIST"}),
        ('env("C_TEXT")', {"C_TEXT"}),
        ('required("D_KEY")', {"D_KEY"}),
        ('print("E_NOT")', set()),
    ],
)
def test_the_parser_finds_each_way_of_reading(source: str, expected: set[str]) -> None:
    assert variables_read(source) == expected


def test_no_secret_has_an_example_value() -> None:
    """SECURITY: a value that can be copied from here would be in use somewhere."""
    text = (ROOT / ".env.example").read_text()
    for name in ("SECRET_KEY", "ANSWER_KEYS", "VALUE_KEYS", "AUDIT_KEYS", "SEED_KEYS"):
        assert re.search(rf"^{name}=$", text, re.MULTILINE), name
