"""``manage.py staff``: the only way to a role, and it is on record."""

from __future__ import annotations

import getpass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from securelogin.desk.roles import PERMISSIONS, Role
from securelogin.events import Event
from securelogin.models import SecurityEvent

pytestmark = pytest.mark.django_db


def staff(username: str, role: str, **options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("staff", username, role=role, stdout=out, **options)
    return out.getvalue().strip()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at the terminal who types a good password."""
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "amber-lighthouse-93")


@pytest.mark.parametrize("role", Role)
def test_somebody_new_gets_exactly_the_rights_of_the_role(typed: None, role: Role) -> None:
    assert staff("Nora.New", role, email="nora@desk.example") == f"nora.new: {role}"
    nora = User.objects.get(username="nora.new")
    assert nora.is_staff
    assert nora.check_password("amber-lighthouse-93")
    desk = {name for name in nora.get_all_permissions() if name.startswith("desk.")}
    assert desk == set(PERMISSIONS[role])
    event = SecurityEvent.objects.get(user=nora, kind=Event.ROLE_CHANGED)
    assert event.detail == {"role": role.value}


def test_a_role_is_changed_not_added_and_no_superuser_is_left(jane: User) -> None:
    jane.is_superuser = True
    jane.save()
    staff("jane.sample", Role.AGENT)
    staff("jane.sample", Role.AUDITOR)
    jane = User.objects.get(pk=jane.pk)
    assert [group.name for group in jane.groups.all()] == ["Auditor"]
    assert not jane.is_superuser


def test_whoever_leaves_is_a_client_again(sam: User) -> None:
    assert staff("sam.support", "none") == "sam.support: none"
    sam = User.objects.get(pk=sam.pk)
    assert not sam.is_staff
    assert not sam.get_all_permissions()


def test_a_weak_password_makes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "password")
    with pytest.raises(CommandError):
        staff("nora.new", Role.AGENT)
    assert not User.objects.exists()


def test_nobody_is_made_to_be_taken_away() -> None:
    with pytest.raises(CommandError, match="no user"):
        staff("nora.new", "none")
