"""The app of clients and staff."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sessions, User Settings."""

    name = "accounts"
    verbose_name = "Clients"
