"""The rules that keep the portal easy to change, held by tests instead of by memory."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.*ml"))
TYPES = sorted(
    path.parent.name
    for path in (ROOT / "securelogin").glob("*/apps.py")
    if "DeviceTypeConfig" in path.read_text()
)
CONTRACTS = ("packages", "shared", "types", "desk", "rules")
# Pure rules: moments and randomness are arguments, so a test can hold every edge.
RULES = (
    "securelogin/access.py",
    "securelogin/chain.py",
    "securelogin/codes.py",
    "securelogin/desk/bar_chart.py",
    "securelogin/desk/masking.py",
    "securelogin/desk/outliers.py",
    "securelogin/desk/progress.py",
    "securelogin/desk/roles.py",
    "securelogin/desk/rules.py",
    "securelogin/desk/sentences.py",
    "securelogin/desk/spreadsheet.py",
    "securelogin/events.py",
    "securelogin/lifecycle.py",
    "securelogin/moments.py",
    "securelogin/policy.py",
    "securelogin/protection.py",
    "securelogin/serials.py",
    "securelogin/throttle.py",
    "securelogin/verdict.py",
    "securelogin/authenticator_app/rules.py",
    "securelogin/passkey/challenge.py",
    "securelogin/security_card/card.py",
    "securelogin/security_card/challenge.py",
    "securelogin/temporary_code/issuing.py",
)
PURE = {rule.removesuffix(".py").replace("/", ".") for rule in RULES}
IMPURE_STANDARD = {"os", "io", "random", "secrets", "socket", "subprocess", "time", "pathlib"}
INLINE = re.compile(
    r"<style\b|<script\b(?![^>]*\bsrc=)|<[^>{%]*\s(?:style|on[a-z]+)\s*=|javascript:", re.IGNORECASE
)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_imports_point_one_way(contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(ROOT / "pyproject.toml")
    status = lint_imports(config_filename=config, limit_to_contracts=(contract,), no_cache=True)
    assert status == 0, capsys.readouterr().out


def imported(source: str) -> set[str]:
    """Modules that a source imports when it runs: without those for type checking only."""
    names: set[str] = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_uses_the_standard_library_and_rules_only(rule: str) -> None:
    for name in imported((ROOT / rule).read_text()) - PURE - {"securelogin"}:
        package = name.split(".")[0]
        assert package in sys.stdlib_module_names, name
        assert package not in IMPURE_STANDARD, name


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_reads_no_clock(rule: str) -> None:
    calls = [
        node.func
        for node in ast.walk(ast.parse((ROOT / rule).read_text()))
        if isinstance(node, ast.Call)
    ]
    names = {call.attr for call in calls if isinstance(call, ast.Attribute)}
    assert not names & {"now", "utcnow", "today", "time"}


def words(source: str) -> Iterator[str]:
    """Every name and text of a Python source, but not its docstrings and comments."""
    tree = ast.parse(source)
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if id(node) in prose:
            continue
        for value in vars(node).values():
            if isinstance(value, str):
                yield value


def names_a_type(text: str) -> bool:
    return any(
        re.search(type_name.replace("_", "[-_]?"), text, re.IGNORECASE) for type_name in TYPES
    )


@pytest.mark.parametrize("type_name", TYPES)
def test_a_type_imports_no_other_type(type_name: str) -> None:
    for path in (ROOT / "securelogin" / type_name).rglob("*.py"):
        for name in imported(path.read_text()):
            assert not {part for part in name.split(".") if part in TYPES} - {type_name}, path


def shared_sources() -> list[Path]:
    """Python that serves all device types.

    Not the settings, whose INSTALLED_APPS lists the types, and not the demo, which shows them.
    """
    apart = {"migrations", "demo", "settings.py", *TYPES}
    return [
        path
        for app in ("securelogin", "accounts", "portal")
        for path in (ROOT / app).rglob("*.py")
        if not apart & set(path.relative_to(ROOT).parts)
    ]


def test_there_are_device_types() -> None:
    assert TYPES == ["authenticator_app", "passkey", "security_card", "temporary_code"]


def test_shared_code_names_no_device_type() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in shared_sources()
        for word in words(path.read_text())
        if names_a_type(word)
    }
    assert found == set()


def test_shared_templates_name_no_device_type() -> None:
    """Texts may speak of a card; tags that load or link a type's own parts may not."""
    found = {
        f"{path.relative_to(ROOT)}: {tag}"
        for path in TEMPLATES
        if not set(TYPES) & set(path.relative_to(ROOT).parts)
        for tag in re.findall(r"\{[%{].*?[%}]\}", path.read_text(), re.DOTALL)
        if names_a_type(tag)
    }
    assert found == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    """SECURITY: the content security policy refuses them; one exception would open it for all."""
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "markup",
    [
        "<style>p {}</style>",
        '<p style="color: red">',
        '<a class="x" onclick="go()">',
        "<script>go()</script>",
        '<script type="module">go()</script>',
        '<a href="javascript:go()">',
    ],
)
def test_the_guard_sees_inline_markup(markup: str) -> None:
    assert INLINE.search(markup)


@pytest.mark.parametrize("markup", ['<script src="/x.js" nonce="1"></script>', "<p>style = 1</p>"])
def test_the_guard_lets_the_rest_through(markup: str) -> None:
    assert not INLINE.search(markup)
