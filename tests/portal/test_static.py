"""The static files as an installation and the demo serve them: collected, named by their hash."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings


@pytest.mark.parametrize(
    "storage",
    [
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
    ],
)
def test_every_address_in_a_style_sheet_leads_to_a_file(
    storage: str, settings: Settings, tmp_path: Path
) -> None:
    # Only the portal's own: the rest of the admin takes ten seconds to compress.
    own = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_FINDERS = own
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}
    call_command("collectstatic", interactive=False, stdout=StringIO())
    assert (tmp_path / "staticfiles.json").exists()
    assert list(tmp_path.glob("css/card_sheet.*.css"))
