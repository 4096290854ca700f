"""The portal as it starts in service: real settings, an environment of its own, a process each."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(bytes(range(100, 132))).decode()
# What differs between the test settings and service, as far as a browser can see it.
OF_THE_BROWSER = (
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_EXPIRE_AT_BROWSER_CLOSE",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SECURE",
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_COOKIE_SAMESITE",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_REFERRER_POLICY",
    "X_FRAME_OPTIONS",
    "MIDDLEWARE",
)
# Imports what every start needs once, then tries each environment in a process of its own.
_TRY_EACH = """
import json, os, sys, tempfile
import django.core.wsgi, django.db.models, django.forms, django.template, csp, environ, psycopg
for changes in json.load(sys.stdin):
    errors = tempfile.TemporaryFile()
    child = os.fork()
    if not child:
        os.dup2(errors.fileno(), 2)
        for name, value in changes.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        status = 1
        try:
            import portal.wsgi
            status = 0
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}".encode())
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    errors.seek(0)
    print(json.dumps([status, errors.read().decode()]))
"""


def environment() -> dict[str, str]:
    """The environment of an installation."""
    return {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PATH": os.environ["PATH"],
        "SECRET_KEY": base64.b64encode(bytes(range(60))).decode(),
        "ANSWER_KEYS": "a1:" + base64.b64encode(bytes(range(32))).decode(),
        "VALUE_KEYS": "v1:" + base64.b64encode(bytes(range(32, 64))).decode(),
        "AUDIT_KEYS": "e1:" + base64.b64encode(bytes(range(64, 96))).decode(),
        "SEED_KEYS": "s1:" + base64.b64encode(bytes(range(96, 128))).decode(),
        "ALLOWED_HOSTS": "portal.example",
        "TASKS_BACKEND": "database",
        "DATABASE_URL": "postgres://portal@localhost/portal",
    }


def python(*arguments: str, given: str = "") -> str:
    """What Python prints, run in the portal's folder with exactly this environment."""
    return subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-W", "ignore", *arguments],
        cwd=ROOT,
        env=environment(),
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout


def starts(changes: list[dict[str, str | None]]) -> list[tuple[int, str]]:
    """Loads the application as a web server does, once for each set of changed variables.

    Args:
        changes: a variable set to None is left out.

    Returns:
        For each the exit status, and what was said.
    """
    lines = python("-c", _TRY_EACH, given=json.dumps(changes)).splitlines()
    return [tuple(json.loads(line)) for line in lines]


@cache
def browser_settings() -> dict[str, Any]:
    """The settings of `OF_THE_BROWSER`, in service."""
    program = (
        "import json; from portal import settings; from django.conf import global_settings;"
        "print(json.dumps({n: getattr(settings, n, getattr(global_settings, n, None))"
        f" for n in {OF_THE_BROWSER!r}}}))"
    )
    found: dict[str, Any] = json.loads(python("-c", program))
    return found
