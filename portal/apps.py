"""Puts the portal's admin site in place of Django's own."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """``django.contrib.admin`` with a site that has no login of its own."""

    default = False
    default_site = "portal.admin_site.PortalAdminSite"
