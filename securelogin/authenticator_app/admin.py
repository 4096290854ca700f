"""Authenticator apps at the desk: revoked there, and never shown."""

from __future__ import annotations

from django.contrib import admin

from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.desk.admin import LoginDeviceAdmin

admin.site.register(AuthenticatorApp, LoginDeviceAdmin)
