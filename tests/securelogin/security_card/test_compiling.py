"""Compiling: every break is loud, a stale drawing is a missing one, and service refuses it."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

from securelogin.security_card import card, drawing
from securelogin.security_card.compiler import typeset
from securelogin.security_card.compiler.pages import Pages
from securelogin.security_card.compiler.pictures import Pictures
from securelogin.security_card.compiler.plates import Plates
from securelogin.security_card.compiler.slots import CompileError, Imprint
from securelogin.security_card.drawing import DrawingUnavailable, Layout
from securelogin.security_card.filling import PdfForms, unpack
from tests.securelogin.security_card.sheets import a_sheet

ROOT = Path(__file__).parents[3]


@pytest.fixture
def imprint() -> Imprint:
    return drawing.in_service()


@pytest.fixture
def in_service(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As in service, with an empty folder for drawings."""
    settings.INSECURE_HTTP = False
    settings.CARD_DRAWINGS = str(tmp_path)
    monkeypatch.setattr(drawing, "_read", {})
    return tmp_path


# What it relies on ------------------------------------------------------------------------------


def _with_style(monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    asset = typeset._asset

    def asked(name: str) -> bytes:
        return asset(name) + (more.encode() if name == typeset.STYLESHEET else b"")

    monkeypatch.setattr(typeset, "_asset", asked)


def _with_page(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    html = typeset.html

    def written(sheet: card.Sheet, layout: Layout) -> str:
        return html(sheet, layout).replace(old, new.replace("SERIAL", sheet.serial))

    monkeypatch.setattr(typeset, "html", written)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</main>", "<p>SERIAL</p></main>", "serial stands 3 times"),
        ("</main>", "<p>SERIAL</main>", "serial stands 3 times"),
        ("<td>300</td>", "<td>3<i>00</i></td>", "values stands 0 times"),
        ("</main>", "<p>300</p></main>", "values stands 2 times"),
        ("<title>", "<title>SERIAL ", "not WeasyPrint's own"),
        ('class="serial"', 'class="serial" hidden', "serial stands"),
    ],
)
def test_refused_when_the_page_is_not_as_expected(
    old: str, new: str, words: str, imprint: Imprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_page(monkeypatch, old, new)
    with pytest.raises(CompileError, match=words):
        Pages(imprint, Layout.WIDE).prove()


@pytest.mark.parametrize(
    ("style", "words"),
    [
        (".owner b { letter-spacing: 0.1mm }", "initials is shorter on some cards, but spaced"),
        (".end { position: static } .facts { order: 2; z-index: 2 }", "order in which"),
    ],
)
def test_refused_when_the_style_is_not_as_expected(
    style: str, words: str, imprint: Imprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_style(monkeypatch, style)
    with pytest.raises(CompileError, match=words):
        Pages(imprint, Layout.WIDE)


def test_refused_when_two_characters_share_pixels(
    imprint: Imprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_style(monkeypatch, ".serial b { letter-spacing: 0 }")
    with pytest.raises(CompileError, match="characters of serial share columns"):
        Plates(Pages(imprint, Layout.WIDE))


def test_refused_when_the_font_lacks_a_letter(
    imprint: Imprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CompileError, match="lacks 太: brand or phone"):
        Pages(imprint._replace(brand="太 Brokerage"), Layout.WIDE)


def test_every_initial_that_a_client_may_have_is_in_the_font() -> None:
    initials = {card.initials_of(chr(code)) for code in range(0x250)}
    assert {*"".join(initials)} <= typeset.letters()
    assert "Ł." in initials
    assert card.initials_of("Ĉiela", "Sample") == ""


def test_a_specimen_is_compiled_as_well(imprint: Imprint) -> None:
    pages = Pages(imprint._replace(specimen=True), Layout.WIDE)
    pages.prove()
    Pictures(pages).prove()


# The artefact -----------------------------------------------------------------------------------


def test_its_name_changes_with_whatever_it_is_made_from(
    imprint: Imprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = drawing._digest.__wrapped__
    names = {digest(imprint), digest(imprint._replace(brand="Other Brokerage"))}
    _with_style(monkeypatch, " ")
    names.add(digest(imprint))
    monkeypatch.setattr(drawing, "_version", lambda name: f"{name} next")
    names.add(digest(imprint))
    assert len(names) == 4


def test_service_refuses_to_draw_without_it(in_service: Path) -> None:
    with pytest.raises(DrawingUnavailable, match=r"manage\.py compile_card"):
        drawing.pdf(a_sheet())
    assert list(in_service.iterdir()) == []


def test_the_deployment_check_names_a_missing_drawing(in_service: Path) -> None:
    def found() -> list[str | None]:
        return [message.id for message in run_checks(include_deployment_checks=True)]

    assert "securelogin.E014" in found()
    drawing.artefact(drawing.in_service()).write_bytes(b"")
    assert "securelogin.E014" not in found()


def test_libraries_are_not_missed_where_the_drawing_is_compiled(
    in_service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[str | None]:
        return [message.id for message in run_checks(include_deployment_checks=False)]

    monkeypatch.setattr(drawing, "missing_libraries", lambda: "libpango is missing")
    assert "securelogin.W010" in found()
    drawing.artefact(drawing.in_service()).write_bytes(b"")
    assert "securelogin.W010" not in found()


@pytest.mark.parametrize("at", [3, 60, -1])
def test_a_damaged_drawing_is_refused(at: int, tmp_path: Path, imprint: Imprint) -> None:
    intact = drawing.build(imprint).read_bytes()
    broken = bytearray(intact)
    broken[at] ^= 1
    path = tmp_path / "broken.card"
    path.write_bytes(broken)
    with pytest.raises(DrawingUnavailable, match="is damaged"):
        unpack(path, 2 if at < 0 else 0)
    path.write_bytes(intact[:1000])
    with pytest.raises(DrawingUnavailable, match="is damaged"):
        unpack(path, 0)


def test_the_command_compiles_once_and_clears_away(
    in_service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Imprint] = []

    def compile_drawing(imprint: Imprint) -> list[str]:
        compiled.append(imprint)
        return ["drawing"]

    monkeypatch.setattr(drawing, "compile_drawing", compile_drawing)
    for number in range(12):
        old = in_service / f"{number}.card"
        old.write_bytes(b"")
        os.utime(old, (number, number))
    said = StringIO()
    call_command("compile_card", stdout=said)
    call_command("compile_card", stdout=said)
    path = drawing.artefact(drawing.in_service())
    assert said.getvalue() == f"{path}\n" * 2
    assert len(compiled) == 1
    assert unpack(path, 0) == "drawing"
    kept = {found.stem for found in in_service.glob("*.card")}
    assert kept == {path.stem, *(str(number) for number in range(5, 12))}


def test_the_command_says_why_there_is_none(
    in_service: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BRAND = settings.BRAND | {"name": "太 Brokerage"}
    with pytest.raises(CommandError, match="lacks 太"):
        call_command("compile_card")
    assert list(in_service.glob("*.card")) == []


def test_filling_needs_neither_django_nor_the_libraries(imprint: Imprint) -> None:
    program = (
        "import sys, pathlib\n"
        "from securelogin.security_card import card, filling\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "sheet = card.Sheet('Example Brokerage', 'OSC-DF7J-N967', 'J. S.', '24 Jul 2025', 21,\n"
        "                   '+00 000 000 000', ('007',) * 224)\n"
        "sys.addaudithook(lambda event, args: event == 'open' and set(str(args[1])) & set('wax+')\n"
        "                 and sys.exit(f'opened {args[0]} for writing'))\n"
        "filled = filling.PdfForms(filling.unpack(path, 0)).fill(sheet)\n"
        "for part in (1, 2):\n"
        "    filling.PngForms(filling.unpack(path, part)).fill(sheet)\n"
        "found = {'django', 'weasyprint', 'pypdfium2', 'PIL', 'pydyf'} & set(sys.modules)\n"
        "print(found, len(filled))\n"
    )
    ran = subprocess.run(  # noqa: S603 - the program stands above
        [sys.executable, "-c", program, str(drawing.build(imprint))],
        capture_output=True, text=True, check=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    forms = PdfForms(unpack(drawing.build(imprint), 0))
    assert ran.stdout.strip() == f"set() {len(forms.fill(a_sheet(values=('007',) * 224)))}"
