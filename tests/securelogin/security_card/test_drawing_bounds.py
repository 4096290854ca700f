"""What drawing may load, and what it says when it cannot draw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import override_settings

from securelogin.security_card.compiler import typeset
from securelogin.security_card.drawing import DrawingUnavailable, Layout
from tests.securelogin.security_card.sheets import uniform


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/a.png", "https://card.invalid/css/card_sheet.css", "file:///etc/passwd",
     "data:image/png;base64,AAAA", "https://card.invalid/fonts/../../manage.py", "manage.py"],
)  # fmt: skip
def test_refused_when_the_page_asks_for_anything_else(address: str) -> None:
    with pytest.raises(PermissionError):
        typeset._fetcher().fetch(address)
    html = f'<html lang="en"><title>-</title><img alt="-" src="{address}"><p>text</p></html>'
    with pytest.raises(PermissionError):
        typeset.to_pdf(html)


def test_the_message_names_the_command_when_libraries_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    monkeypatch.setattr(typeset, "find_spec", lambda name: name)
    monkeypatch.setattr(typeset, "_loads", lambda name: "pango" not in name)
    with pytest.raises(DrawingUnavailable, match=r"apt-get install .*libpangoft2-1\.0-0"):
        typeset.pdf(uniform("321"), Layout.WIDE)
    assert "libpango-1.0.so.0" in str(typeset.missing_libraries())


def test_nothing_is_missing_on_a_machine_that_runs_these_tests() -> None:
    assert typeset.missing_libraries() is None


def test_the_portal_starts_without_loading_the_drawing_libraries() -> None:
    code = (
        "import django, sys; django.setup(); import securelogin.security_card.drawing as d;"
        "d.missing_libraries();"
        "print(sorted({'weasyprint', 'pypdfium2', 'PIL'} & set(sys.modules)))"
    )
    ran = subprocess.run(  # noqa: S603 - the code stands above
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"


def test_collected_files_are_used_when_the_source_folders_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finders, "find", lambda _name: None)
    with override_settings(STATIC_ROOT=str(tmp_path)):
        with pytest.raises(DrawingUnavailable, match="collectstatic"):
            typeset._asset(typeset.STYLESHEET)
        collected = tmp_path / typeset.STYLESHEET
        collected.parent.mkdir()
        collected.write_bytes(b"collected")
        assert typeset._asset(typeset.STYLESHEET) == b"collected"
