"""A database that fails at a chosen statement, and what there is before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django_otp
from django.db import connection

from accounts.models import FormerAddress, Session, User
from accounts.new_addresses import NewAddress
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.models import Failures, Notice, SecurityEvent
from securelogin.registry import device_types
from securelogin.security_card.models import SecurityCard, Turn
from securelogin.security_card.views.own import ACTIVATED_KEY, SHOWN_KEY
from securelogin.temporary_code.models import TemporaryCode

_CALL = ("client", "agent", "document", "check_failures", "pressure")
# What ends or takes back a transaction goes through: the process dies, the database does not.
_NEVER = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass
class Breaking:
    """Raises ``error`` in place of statement number ``at``; of all after it too, if it stays.

    Attributes:
        reached: whether there were that many statements.
    """

    at: int
    error: Exception
    stays: bool = False
    reached: bool = False
    seen: int = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """One statement."""
        if not sql.startswith(_NEVER):
            self.seen += 1
            if self.seen == self.at or (self.stays and self.seen > self.at):
                self.reached = True
                raise self.error
        return execute(sql, params, many, context)


@contextmanager
def breaking(at: int, error: Exception, *, stays: bool = False) -> Iterator[Breaking]:
    """The block runs on a database that fails at its ``at``-th statement."""
    broken = Breaking(at, error, stays)
    with connection.execute_wrapper(broken):
        yield broken


def state() -> list[Any]:
    """What a step may change: devices, audit trail, outbox, failures, sessions, calls, addresses.

    No primary keys: PostgreSQL does not take a number back with its row.
    """
    sessions = [
        (
            row.user_id,
            data.get(django_otp.DEVICE_ID_SESSION_KEY, "").partition("/")[0],
            SHOWN_KEY in data,
            data.get(ACTIVATED_KEY),
        )
        for row in Session.objects.all()
        for data in [row.get_decoded()]
    ]
    devices = ("user", "end_reason", "confirmed", "throttling_failure_count")
    counted = ("answered", "activation_failures", "forgiven")
    return [
        list(SecurityCard.objects.order_by("pk").values_list(*devices, *counted)),
        list(TemporaryCode.objects.order_by("pk").values_list(*devices)),
        Counter(SecurityEvent.objects.values_list("kind", flat=True)),
        Counter(Notice.objects.values_list("kind", flat=True)),
        sorted(Failures.objects.values_list("key", "count")),
        sorted(sessions, key=repr),
        list(Approval.objects.order_by("pk").values_list("client", "approved", "decided_by")),
        list(IdentityCheck.objects.order_by("pk").values_list(*_CALL)),
        list(User.objects.order_by("pk").values_list("email", "notify_email", "phone")),
        [(row.address, row.failures, row.sent_at is None) for row in NewAddress.objects.all()],
        list(Turn.objects.values_list("user")),
        sorted(FormerAddress.objects.values_list("address", flat=True)),
        [
            list(config.device_model.objects.order_by("pk").values_list(*devices, "name"))
            for config in device_types()
            if not config.device_model.interim
        ],
    ]


def writes(statements: list[dict[str, Any]]) -> list[str]:
    """Those of the captured statements that change a row."""
    verbs = ("INSERT", "UPDATE", "DELETE", "REPLACE")
    return [query["sql"] for query in statements if query["sql"].startswith(verbs)]
