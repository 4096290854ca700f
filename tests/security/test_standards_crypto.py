"""Randomness, hashes and comparisons: where they come from, read from the source itself.

ASVS 6.5.3, 11.2.1, 11.2.3, 11.2.4, 11.4.1, 11.4.2, 11.4.4, 11.5.1; NIST SP 800-63B-4 3.1.2.1.
"""

from __future__ import annotations

import ast
import hmac
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from accounts.hashers import PortalArgon2PasswordHasher
from portal import settings as service
from securelogin import keys
from tests.security.sources import PYTHON, module_of, name_of, tree_of

KINDS = ("bytes", "hex", "urlsafe")
# What the portal asks of each module that makes or checks secrets; everything else is refused.
ALLOWED = {
    "hashlib": {"sha256"},
    "hmac": {"HMAC", "compare_digest", "digest", "new"},
    "random": {"SystemRandom"},
    "secrets": {"choice", "compare_digest", "randbelow", *(f"token_{k}" for k in KINDS)},
}
BESIDE = {
    # A serial that shows at the start whether cards can be drawn, and is thrown away.
    "securelogin/security_card/checks.py": ["random.Random"],
    # Cards that never exist, with which the compiled drawing is checked.
    "securelogin/security_card/compiler/pages.py": ["random.Random"],
    "securelogin/security_card/compiler/pictures.py": ["random.Random"],
    "securelogin/security_card/compiler/slots.py": ["random.Random"] * 3,
    # The one place that encrypts: Fernet is AES-128-CBC with HMAC-SHA-256.
    "securelogin/sealed.py": [
        "cryptography.fernet",
        "cryptography.hazmat.primitives.hashes",
        "cryptography.hazmat.primitives.kdf.hkdf",
    ],
}
FOREIGN = {"Crypto", "Cryptodome", "OpenSSL", "bcrypt", "cryptography", "nacl", "numpy", "scrypt"}
LEAST_BITS = 128
# Names that open nothing: a card's in addresses, where session and user decide; a browser's in a
# signed cookie; a request's in the logs.
NO_SECRET = {
    ("securelogin.security_card.models", 96),
    ("accounts.known_browsers", 64),
    ("securelogin.origin", 64),
}


def misuse(tree: ast.Module) -> Iterator[str]:
    """What a source uses of these modules beyond what is allowed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in FOREIGN)
            yield from (a.name for a in node.names if a.asname and a.name in ALLOWED)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.split(".")[0] in FOREIGN:
                yield node.module
            allowed = ALLOWED.get(node.module)
            names = {alias.name for alias in node.names}
            yield from (f"{node.module}.{n}" for n in names if allowed and n not in allowed)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            allowed = ALLOWED.get(node.value.id)
            if allowed and node.attr not in allowed:
                yield f"{node.value.id}.{node.attr}"


def drawn(module: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each draw of random bytes: the module and how many bits."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("secrets.token_"):
            yield module, 8 * _number(module, call.args[0]) if call.args else 0


def _number(module: str, node: ast.expr) -> int:
    if isinstance(node, ast.Constant):
        return int(str(node.value))
    found: Any = import_module(module)
    for part in ast.unparse(node).split("."):
        found = getattr(found, part)
    return int(found)


def test_randomness_and_hashes_are_the_approved_ones() -> None:
    found = {name_of(path): list(misuse(tree_of(path))) for path in PYTHON}
    assert {name: uses for name, uses in found.items() if uses} == BESIDE


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import random\nrandom.randint(0, 9)", "random.randint"),
        ("from random import choice", "random.choice"),
        ("import hashlib\nhashlib.md5(b'')", "hashlib.md5"),
        ("import hashlib\nhashlib.sha1(b'')", "hashlib.sha1"),
        ("from cryptography.hazmat.primitives import ciphers", "cryptography.hazmat.primitives"),
        ("import random as r", "random"),
    ],
)
def test_the_guard_sees_others(source: str, found: str) -> None:
    assert list(misuse(ast.parse(source))) == [found]


def test_the_guard_lets_the_approved_ones_through() -> None:
    source = "import random, secrets\nrandom.SystemRandom()\nsecrets.token_bytes(16)"
    assert list(misuse(ast.parse(source))) == []


def test_every_drawn_secret_has_128_bits_or_more() -> None:
    found = {draw for path in PYTHON for draw in drawn(module_of(path), tree_of(path))}
    assert len(found) >= 3
    assert {draw for draw in found if draw[1] < LEAST_BITS} == NO_SECRET


def test_answers_are_compared_in_constant_time_and_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def noting(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noting)
    expected = keys.digest("482719", b"S" * 16, b"K" * 32, "8,1,1")
    # Right, wrong in the first half, in the second, in both: always both halves in one go.
    answers = ("482719", "483719", "482718", "000000")
    results = [keys.matches(a, b"S" * 16, b"K" * 32, "8,1,1", expected) for a in answers]
    assert results == [True, False, False, False]
    assert compared == [(32, 32)] * 4


def test_costs_in_service_are_owasps() -> None:
    assert service.PASSWORD_HASHERS == ["accounts.hashers.PortalArgon2PasswordHasher"]
    encoded = PortalArgon2PasswordHasher().encode("paper-lantern-87", "s" * 22)
    assert encoded.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert service.ANSWER_HASH_COST == (19456, 2, 1)
    assert keys.SALT_BYTES * 8 >= LEAST_BITS
    assert keys.DIGEST_BYTES == 32
