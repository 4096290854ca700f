"""The product's own files, for tests that read them instead of running them."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "accounts", "securelogin")
PYTHON = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


def name_of(path: Path) -> str:
    """A file as a person calls it: its path in the repository."""
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    """The module that this file is."""
    return name_of(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text())
