"""Counts of failures in a row, of a client's second factor and of whatever else is throttled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import ClassVar

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from securelogin import throttle
from securelogin.conf import policy
from securelogin.prepared import Prepared
from securelogin.throttle import Limit, forgotten_before


def factor_key(user_id: int | str) -> str:
    """The key of a client's wrong second factors.

    SECURITY: failures belong to the client, not the device: a new code or card, a cancelled
    one or a second device never resets the count (NIST SP 800-63B-4 3.2.2).
    """
    return f"factor:{user_id}"


class FailuresQuerySet(models.QuerySet["Failures"]):
    """Counting in one statement, so that parallel failures are all counted."""

    def of_factor(self, user_id: int) -> Failures | None:
        """A client's present series of wrong second factors, if there is one."""
        return next(iter(_of_keys(1)(key0=factor_key(user_id))), None)

    def of_keys(self, keys: Sequence[str]) -> list[Failures]:
        """The series under these keys; those without one are left out."""
        return _of_keys(len(keys))(**{f"key{place}": key for place, key in enumerate(keys)})

    def record(self, key: str, limit: Limit) -> Failures:
        """Count one failure under a key.

        Args:
            key: whose, such as `factor_key`.
            limit: says when an older series is over.

        Returns:
            The row, with this failure counted.
        """
        now = timezone.now()
        table = connection.ops.quote_name(self.model._meta.db_table)
        moment = connection.ops.adapt_datetimefield_value
        # SECURITY: one atomic upsert. Read, add and write would lose failures that come at once.
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} AS known (key, count, total, last_failed_at) "  # noqa: S608 - a constant
                "VALUES (%s, 1, 1, %s) ON CONFLICT (key) DO UPDATE SET "
                "count = CASE WHEN known.last_failed_at <= %s THEN 1 ELSE known.count + 1 END, "
                "total = known.total + 1, last_failed_at = excluded.last_failed_at "
                "RETURNING id, count, total",
                [key, moment(now), moment(forgotten_before(limit, now))],
            )
            pk, count, total = cursor.fetchone()
        return Failures(pk=pk, key=key, count=count, total=total, last_failed_at=now)


@cache
def _of_keys(count: int) -> Prepared[Failures]:
    """Each login asks it twice."""
    return Prepared(
        lambda **slots: Failures.objects.filter(key__in=list(slots.values())),
        **{f"key{place}": models.CharField() for place in range(count)},
    )


class Failures(models.Model):
    """A series of consecutive failures under a key, such as one client's second factor."""

    key = models.CharField(max_length=90, unique=True)
    count = models.PositiveIntegerField(default=0)
    # Since the last success, however far apart: for the ceiling.
    total = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(null=True)

    objects = FailuresQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            # What retention lets go: never those of a second factor.
            models.Index(
                fields=["last_failed_at"],
                condition=~Q(key__startswith=factor_key("")),
                name="failures_last",
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} failures"

    def locked_until(self, limit: Limit) -> datetime | None:
        """Until when tries under this key are refused, or None."""
        return throttle.locked_until(
            self.count, self.total, self.last_failed_at, limit, timezone.now()
        )

    @property
    def count_now(self) -> int:
        """The failures of a client's second factor that count now."""
        limit, now = policy().factor_limit, timezone.now()
        over = self.last_failed_at and self.last_failed_at <= forgotten_before(limit, now)
        return 0 if over else min(self.count, limit.attempts)

    @property
    def factor_locked_until(self) -> datetime | None:
        """Until when a client's second factor is locked (KB1132), or None."""
        return self.locked_until(policy().factor_limit)
