"""The test settings with the real cost of every hash."""

from __future__ import annotations

from tests.settings import *  # noqa: F403

PASSWORD_HASHERS = ["accounts.hashers.PortalArgon2PasswordHasher"]
ANSWER_HASH_COST = (19456, 2, 1)
# As in service: no look-up of static files on each request.
WHITENOISE_AUTOREFRESH = False
WHITENOISE_USE_FINDERS = False
LOGGING = {"version": 1, "disable_existing_loggers": True}
