"""Cards at the desk: revoked there, and never shown."""

from __future__ import annotations

from django.contrib import admin

from securelogin.desk.admin import LoginDeviceAdmin
from securelogin.security_card.models import SecurityCard

admin.site.register(SecurityCard, LoginDeviceAdmin)
