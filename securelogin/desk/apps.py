"""The app of the support desk."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Everything that staff do, whatever the device type."""

    name = "securelogin.desk"
    label = "desk"
    verbose_name = "Support desk"
