"""The test settings with the real cost of every hash."""

from __future__ import annotations

from pathlib import Path

from tests.settings import *  # noqa: F403

PASSWORD_HASHERS = ["accounts.hashers.PortalArgon2PasswordHasher"]
ANSWER_HASH_COST = (19456, 2, 1)
# As in service: no look-up of static files on each request.
WHITENOISE_AUTOREFRESH = False
WHITENOISE_USE_FINDERS = False
LOGGING = {"version": 1, "disable_existing_loggers": True}
# Besides the portal's own: the engine of the bare site that pages are compared with.
TEMPLATES = [
    *TEMPLATES,  # noqa: F405
    {
        "NAME": "bare",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "bare" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    },
]
