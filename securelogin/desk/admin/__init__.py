"""The desk's pages, found by Django's autodiscovery of ``admin`` modules."""

from __future__ import annotations

from securelogin.desk.admin.approvals import ApprovalAdmin
from securelogin.desk.admin.base import LoginDeviceAdmin, ReadOnlyAdmin
from securelogin.desk.admin.timeline import SecurityEventAdmin

__all__ = ["ApprovalAdmin", "LoginDeviceAdmin", "ReadOnlyAdmin", "SecurityEventAdmin"]
