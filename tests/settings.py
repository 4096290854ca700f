"""Test values on top of the portal's settings: throw-away keys, cheap hashes, plain http."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2)
os.environ.setdefault("ANSWER_KEYS", "test-a:" + base64.b64encode(bytes(range(32))).decode())
os.environ.setdefault("VALUE_KEYS", "test-v:" + base64.b64encode(bytes(range(32, 64))).decode())
os.environ.setdefault("AUDIT_KEYS", "test-e:" + base64.b64encode(bytes(range(64, 96))).decode())
os.environ.setdefault("SEED_KEYS", "test-s:" + base64.b64encode(bytes(range(96, 128))).decode())
os.environ["INSECURE_HTTP"] = "true"
os.environ["TASKS_BACKEND"] = "immediate"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "sqlite://:memory:")

from portal.settings import *  # noqa: F403 - the environment comes first

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file: threads of the browser tests' server would share one connection to a database in
    # memory, transactions and all. Every test run has its own.
    DATABASES["default"]["TEST"] = {  # noqa: F405
        "NAME": str(Path(tempfile.gettempdir()) / f"portal-test-{os.getpid()}.sqlite3")
    }
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SITE_URL = "http://testserver"
PASSWORD_HASHERS = ["tests.hashers.QuickHasher"]
# The real cost is benchmarked and checked; here 112 hashes a card have to be quick.
ANSWER_HASH_COST = (8, 1, 1)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files come straight from their folders; nothing has to be collected first.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = None
# Another one for each process: tests that run beside each other must not wait for each other.
_RUNTIME = tempfile.TemporaryDirectory(prefix="portal-test-")  # goes with the process
RUNTIME_DIR = _RUNTIME.name
# However many cores there are; tests of the bound set their own.
CARDS_AT_ONCE = 8
# The desk opens to a session of any device: most tests of it are about something else.
# tests/portal/test_staff_device.py holds the strict value, which is the product's.
SECURELOGIN = {"staff_protection": 1}
