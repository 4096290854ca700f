"""A fresh installation: nobody in it, no demo, nothing unnamed among its keys, no file in a mail.

ASVS 6.3.2, 11.1.2, 13.4.2; standards P-09, P-25, D-03; ways in: ASVS 6.1.3.
"""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import resolve

from accounts.models import User
from portal import settings as service
from securelogin.access import Access
from tests.security.cast import persona, routes
from tests.security.production import python
from tests.security.sources import PYTHON, ROOT, name_of


@pytest.mark.django_db
def test_a_fresh_database_has_nobody_in_it() -> None:
    assert not User.objects.exists()
    assert not Group.objects.filter(user__isnull=False).exists()


def test_the_demo_and_debugging_are_not_part_of_service() -> None:
    program = (
        "import django; django.setup();"
        "from django.apps import apps; from django.conf import settings;"
        "print(apps.is_installed('portal.demo'), settings.DEBUG, settings.ALLOWED_HOSTS)"
    )
    assert python("-c", program).split() == ["False", "False", "['portal.example']"]


def test_every_key_is_in_the_inventory() -> None:
    names = {name for name in vars(service) if re.fullmatch(r"[A-Z_]+_KEYS?", name)}
    assert names >= {"SECRET_KEY", "ANSWER_KEYS", "VALUE_KEYS"}
    operations = (ROOT / "docs" / "operations.md").read_text()
    inventory = operations.split("## Keys", 1)[1].split("\n## ", 1)[0]
    assert {name for name in names if f"| `{name}` |" not in inventory} == set()


def test_the_proxy_in_the_manual_speaks_tls_and_names_no_version() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    (proxy,) = re.findall(r"```nginx\n(.*?)```", manual, re.DOTALL)
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in proxy
    assert "server_tokens off;" in proxy
    # What a client says about itself does not get through.
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in proxy
    assert "proxy_set_header X-Forwarded-Proto https;" in proxy


def test_the_drawing_library_has_its_fix() -> None:
    """Before 69.0 an attribute of a picture could make it fetch an address (CVE-2026-49452)."""
    lock = (ROOT / "requirements" / "base.lock").read_text()
    found = re.search(r"^weasyprint==(\d+)\.", lock, re.MULTILINE)
    assert found
    assert int(found[1]) >= 69


def test_no_mail_carries_a_file() -> None:
    attaches = re.compile(r"\.attach(?:_file)?\(")
    assert {name_of(path) for path in PYTHON if attaches.search(path.read_text())} == set()
    assert attaches.search("mail.attach('card.pdf', document)")
    assert not attaches.search("mail.attach_alternative(html, 'text/html')")


@pytest.mark.django_db
def test_every_page_that_is_open_to_visitors_is_named_in_the_threat_model() -> None:
    text = (ROOT / "docs" / "threat_model.md").read_text()
    section = text.split("## Ways in", 1)[1].split("\n## ", 1)[0]
    named = set(re.findall(r"^\| `([\w:]+)` \|", section, re.MULTILINE))
    open_to_all = {
        route.name
        for route in routes(persona("anonymous"))
        if getattr(resolve(route.path).func, "access_needed", Access.FULL) is Access.NONE
    }
    assert named == open_to_all
