"""What holds for every page of a client: its help, its addresses, its scripts, its promises.

WCAG 3.2.6; ASVS 3.2.2, 3.2.3, 3.3.4, 3.5.5 to 3.5.7, 3.7.3, 14.2.5, 14.3.3; NIST 3.2.5.
"""

from __future__ import annotations

import re

import pytest

from tests.security.cast import CLIENTS, VISITORS, persona, routes, untouched
from tests.security.sources import SCRIPTS, TEMPLATES, name_of

# What would make text into markup or code, keep anything in the browser, or listen to others.
RISKY = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|setHTMLUnsafe"
    r"|\beval\(|\bFunction\(|set(?:Timeout|Interval)\(\s*[\"'`]"
    r"|sessionStorage|indexedDB|document\.cookie"
    r"|window\.postMessage|[\"'`]javascript:|\bcallback="
)
# What is kept in a browser: a person's choice for the page, never a client's data.
KEPT = re.compile(
    r"localStorage\.setItem\((\w+)|localStorage\[(\w+)|localStorage\.(?!\w+Item\()(\w+)"
)
CHOICES = {"SHORTCUT_OFF"}
# A template's way out of this site: an address with a host, in an attribute that is followed.
LEADS_AWAY = re.compile(
    r"(?:href|src|srcset|action|formaction|content|url)\s*=\s*[\"'](?:\w+:)?//", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _without_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("pdf", "png"):
        monkeypatch.setattr(f"securelogin.security_card.drawing.{kind}", lambda *_args: b"drawn")


def pages(name: str) -> list[tuple[str, str]]:
    """Address and HTML of every page that this person can open."""
    who = persona(name)
    found = []
    for route in routes(who):
        with untouched(who.client):
            answer = who.client.get(route.path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found.append((route.path, answer.content.decode()))
    assert found
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*VISITORS, *CLIENTS])
def test_help_stands_at_the_same_place_on_every_page(name: str) -> None:
    for path, page in pages(name):
        places = [
            page.find(mark)
            for mark in (
                ">Skip to main content</a>",
                '<a href="/help/">Help</a>',
                "<main ",
                "Client Services: ",
                "We never ask for your password or for numbers from a card.",
                "</footer>",
            )
        ]
        assert -1 not in places[1:2] + places[4:], path
        assert places == sorted(places), path


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["pending", *CLIENTS])
def test_the_key_of_the_session_is_in_no_page(name: str) -> None:
    who = persona(name)
    key = who.client.cookies["sid"].value
    assert len(key) == 32
    for route in routes(who):
        with untouched(who.client):
            answer = who.client.get(route.path)
        assert key not in answer.content.decode(errors="replace"), route
        assert key not in str(answer.headers), route


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["code_full", "card"])
@pytest.mark.parametrize("end", ["x.css", "logo.png", ";x.js", "%2Fx.css", "static/x.css"])
def test_an_address_made_to_look_like_a_file_shows_no_page(name: str, end: str) -> None:
    who = persona(name)
    for route in routes(who):
        if route.of_admin or route.name.endswith(":start"):
            continue
        with untouched(who.client):
            # At most to the same address with a slash.
            answer = who.client.get(f"{route.path}{end}", follow=True)
        assert answer.status_code == 404, route
        assert "no-store" in answer["Cache-Control"]


def test_no_template_leads_to_another_site() -> None:
    assert len(TEMPLATES) > 50
    assert {name_of(path) for path in TEMPLATES if LEADS_AWAY.search(path.read_text())} == set()


def test_no_page_calls_digits_that_are_typed_safe_against_phishing() -> None:
    """NIST SP 800-63B-4 3.2.5: nothing that is typed by hand is."""
    assert [path for path in TEMPLATES if "phishing" in path.read_text().lower()] == []


@pytest.mark.parametrize(
    "markup", ['<a href="https://x.example/">', "<img src='//x.example/a.png'>"]
)
def test_the_guard_sees_a_way_out(markup: str) -> None:
    assert LEADS_AWAY.search(markup)


def test_a_script_makes_no_markup_of_text_and_keeps_no_data() -> None:
    assert SCRIPTS
    for path in SCRIPTS:
        text = path.read_text()
        assert RISKY.findall(text) == [], path
        assert {"".join(names) for names in KEPT.findall(text)} <= CHOICES, path


@pytest.mark.parametrize(
    "code",
    [
        "box.innerHTML = text",
        "setTimeout('go()', 1)",
        "eval(text)",
        "document.cookie",
    ],
)
def test_the_guard_sees_a_risky_script(code: str) -> None:
    assert RISKY.search(code)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("localStorage.setItem(CARD, 1)", "CARD"),
        ("localStorage[card] = 1", "card"),
        ("localStorage.card = 1", "card"),
    ],
)
def test_the_guard_sees_what_is_kept(code: str, name: str) -> None:
    assert ["".join(names) for names in KEPT.findall(code)] == [name]
