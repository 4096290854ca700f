"""Much work on rows in small pieces: each its own short transaction, so many in one run.

For jobs. A portal of a million clients has a backlog after any outage; nobody may wait for the job
that works it off, and one row that fails must not keep the others from their turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

logger = logging.getLogger(__name__)

# Rows of one transaction: their locks are held for some milliseconds.
SIZE = 500
# Of one kind in one run; a timer that starts the job every five minutes goes on with the rest.
MOST = 50_000


def delete(rows: QuerySet[Any], size: int = SIZE, most: int = MOST) -> int:
    """Delete rows, a batch in each transaction.

    Args:
        rows: which, in the order of the index that finds them.
        size: of a batch.
        most: of all.

    Returns:
        How many were deleted.
    """
    deleted = 0
    for _ in range(0, most, size):
        keys = list(rows.values_list("pk", flat=True)[:size])
        with transaction.atomic():
            # SECURITY: the conditions are asked again. What was changed since may have to stay,
            # such as a count of failures that goes on.
            deleted += rows.filter(pk__in=keys).delete()[0]
        if len(keys) < size:
            break
    return deleted


def each(
    rows: QuerySet[Any], act: Callable[[Any], object], size: int = SIZE, most: int = MOST
) -> int:
    """Call ``act`` for each row. What it has done is no longer among the rows.

    Args:
        rows: which, in the order of the index that finds them.
        act: for one row, in a transaction of its own; returns whether it did something.
        size: how many are read at a time.
        most: of all.

    Returns:
        For how many it did something. A failure is logged, and the others get their turn.
    """
    done = 0
    passed: list[Any] = []
    for _ in range(0, most, size):
        page = list(rows.exclude(pk__in=passed)[:size])
        for row in page:
            if succeeds(act, row):
                done += 1
            else:
                passed.append(row.pk)
        if len(page) < size:
            break
    return done


def succeeds(act: Callable[[Any], object], row: Any) -> bool:
    """Call ``act`` for one row of many.

    Args:
        act: in a transaction of its own; returns whether it did something.
        row: of a model.

    Returns:
        Whether it did something. A failure is logged.
    """
    try:
        return bool(act(row))
    except Exception:
        # Whatever is wrong with it: the row stays as it is, and the next run tries again.
        logger.exception("%s %s: failed, others go on", row._meta.label, row.pk)
        return False
