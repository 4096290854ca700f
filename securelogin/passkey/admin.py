"""Passkeys at the desk: revoked there, and nothing else."""

from __future__ import annotations

from django.contrib import admin

from securelogin.desk.admin import LoginDeviceAdmin
from securelogin.passkey.models import Passkey

admin.site.register(Passkey, LoginDeviceAdmin)
