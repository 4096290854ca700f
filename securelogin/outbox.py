"""The outbox: a row for each e-mail that is to be sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Notice(models.Model):
    """One e-mail to send: the row is the outbox, written with the change it tells of.

    Delivery is a task after the commit; what fails stays here and is tried again by
    ``manage.py run_jobs``. So mail never blocks a change, and no change goes untold.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=40)
    context = models.JSONField(default=dict)
    # Reminders are queued by a job that may run any number of times: one row for each key.
    key = models.CharField(max_length=120, unique=True, null=True)  # noqa: DJ001 - unique
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    # Addresses that have it already, when another one did not take it.
    sent_to = models.JSONField(default=list)
    # Moved on by each attempt before it sends: nobody else sends meanwhile.
    next_try_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=80, blank=True)

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], condition=Q(sent_at=None), name="notice_unsent"),
            models.Index(fields=["created_at"], name="notice_created"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
