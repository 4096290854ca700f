"""What all device types share, in one place to import from.

A state change is one method of a model. It runs in one transaction, writes its `SecurityEvent`
and queues its `Notice`; views, the admin and commands only call it.
"""

from __future__ import annotations

from securelogin.anchors import AuditAnchor
from securelogin.audit import SecurityEvent, SecurityEventQuerySet, new_reference
from securelogin.client_devices import (
    Standing,
    devices_of,
    end_interim_devices,
    iter_usable_devices,
    lift_waits,
    lock_client,
    lock_devices,
    standing_of,
    usable_among,
    usable_devices,
)
from securelogin.device import LoginDevice, LoginDeviceManager, LoginDeviceQuerySet
from securelogin.failures import Failures, factor_key
from securelogin.moments import describe_for
from securelogin.outbox import Notice

__all__ = [
    "AuditAnchor",
    "Failures",
    "LoginDevice",
    "LoginDeviceManager",
    "LoginDeviceQuerySet",
    "Notice",
    "SecurityEvent",
    "SecurityEventQuerySet",
    "Standing",
    "describe_for",
    "devices_of",
    "end_interim_devices",
    "factor_key",
    "iter_usable_devices",
    "lift_waits",
    "lock_client",
    "lock_devices",
    "new_reference",
    "standing_of",
    "usable_among",
    "usable_devices",
]
