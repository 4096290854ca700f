"""A mail server that a test switches off."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest
from django.core import mail
from django.db import connection


class MailServer:
    """Stands in for sending: up or down, and it remembers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.up = True
        self.sent: list[str] = []
        self.in_transaction: list[bool] = []
        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", lambda m, *a, **k: self.take(m))

    def take(self, message: Any) -> int:
        """One mail arrives."""
        self.in_transaction.append(connection.in_atomic_block)
        if not self.up:
            raise smtplib.SMTPServerDisconnected(f"cannot send: {message.body}")
        self.sent.append(str(message.subject))
        return 1
