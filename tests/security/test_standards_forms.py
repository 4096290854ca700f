"""Forms: fields named one by one, passwords taken whole and from managers, no secret questions.

ASVS 6.2.6 to 6.2.10, 6.4.2, 15.3.3; NIST SP 800-63B-4 3.1.1.2.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.rules import Evidence
from tests import factories
from tests.security.sources import PYTHON, SCRIPTS, name_of, tree_of

LONG = "Straße 7, " * 12 + "é" * 8


def open_fields(tree: ast.Module) -> Iterator[str]:
    """Declarations by which a form takes fields that its author did not name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            name, value = ast.unparse(target), ast.unparse(node.value)
            if (name, value) == ("fields", "'__all__'") or name == "exclude":
                yield f"{name} = {value}"


def test_a_form_names_its_fields() -> None:
    assert {name_of(path) for path in PYTHON if list(open_fields(tree_of(path)))} == set()


@pytest.mark.parametrize("source", ["fields = '__all__'", "exclude = ['password']"])
def test_the_guard_sees_a_form_that_does_not(source: str) -> None:
    assert list(open_fields(ast.parse(f"class Meta:\n    {source}"))) == [source]


@pytest.mark.django_db
def test_the_password_field_is_masked_and_takes_what_a_manager_fills_in() -> None:
    page = Client().get("/login/").content.decode()
    fields = re.findall(r"<input[^>]*>", page)
    (password,) = [field for field in fields if 'name="password"' in field]
    (username,) = [field for field in fields if 'name="username"' in field]
    assert 'type="password"' in password
    assert 'autocomplete="current-password"' in password
    assert 'autocomplete="username"' in username
    limit = re.search(r'maxlength="(\d+)"', password)
    assert limit is None or int(limit[1]) >= 64
    for script in SCRIPTS:
        assert not re.search(r"\bonpaste\b|['\"]paste['\"]", script.read_text()), script.name


@pytest.mark.django_db
def test_a_long_password_counts_to_its_last_character() -> None:
    assert len(LONG) > 64
    User.objects.create_user("jane.sample", password=LONG)
    for password, status in ((LONG, 302), (LONG[:-1], 422), (LONG[:64], 422), (f"{LONG} ", 422)):
        answer = Client().post("/login/", {"username": "jane.sample", "password": password})
        assert answer.status_code == status, len(password)


@pytest.mark.django_db
def test_a_password_grows_old_in_peace(jane: User) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=4000)):
        login = {"username": jane.username, "password": factories.PASSWORD}
        assert Client().post("/login/", login)["Location"] == "/login/verify/"


def test_nothing_that_a_person_knows_is_evidence() -> None:
    assert {kind.value for kind in Evidence} == {"call_back", "check_number", "document"}
    columns = {field.name for field in User._meta.get_fields()}
    assert not {name for name in columns if re.search("birth|maiden|question|hint|pet", name)}
