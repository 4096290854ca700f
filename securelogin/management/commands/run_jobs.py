"""Everything that time does: ends, reminders, retries, anchors, deletions. Safe at any time, any
number of times, in parallel: each step is conditional, and reminders have a key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from securelogin import batches, notices, unanswered
from securelogin.conf import policy
from securelogin.models import AuditAnchor, Failures, Notice, factor_key
from securelogin.registry import device_types

logger = logging.getLogger(__name__)
# The notice is what says whether a mail went out; its task helps to find out why not.
_TASKS_KEPT = timedelta(days=7)

Step = Callable[[], int]


class Command(BaseCommand):
    """Run it from a timer, every few minutes."""

    help = "End what has run out, send reminders and unsent mail, delete what may go."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--dry-run`` counts what would be deleted."""
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Each step in turn.

        Raises:
            CommandError: steps failed; the log says why. The others did their work.
        """
        now = timezone.now()
        steps = changes(now)
        for name, rows in deletable(now).items():
            if options["dry_run"]:
                steps[f"{name} to delete"] = rows.count
            else:
                steps[f"{name} deleted"] = partial(batches.delete, rows)
        failed = [name for name, step in steps.items() if not self._done(name, step)]
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}.")

    def _done(self, name: str, step: Step) -> bool:
        try:
            count = step()
        except Exception:
            # Whatever is wrong with one step, time does not stand still for the others.
            logger.exception("%s: failed", name)
            return False
        self.stdout.write(f"{name}: {count}")
        return True


def changes(now: datetime) -> dict[str, Step]:
    """What is due but deletions: what it is called, and what does it and counts.

    Args:
        now: aware.
    """
    steps: dict[str, Step] = {}
    for config in device_types():
        model = config.device_model
        steps[f"{config.verbose_name} ended"] = partial(model.objects.end_run_out, now)
        steps[f"{config.verbose_name} reminders"] = partial(model.remind, now)
    steps["clients told of questions left alone"] = partial(unanswered.tell, now)
    steps["notices sent again"] = notices.retry
    steps["audit anchors made"] = lambda: len(AuditAnchor.objects.make_due(now))
    return steps


def deletable(now: datetime) -> dict[str, QuerySet[Any]]:
    """Rows that retention lets go, by what they are called, each in the order of its index.

    Args:
        now: aware.
    """
    numbers = policy()
    # SECURITY: a second factor's failures count together until a success, however old.
    failures = Failures.objects.exclude(key__startswith=factor_key(""))
    pauses_end = now - numbers.longest_pause
    notices_end = now - timedelta(days=numbers.notice_days)
    rows: dict[str, QuerySet[Any]] = {
        "old notices": Notice.objects.filter(created_at__lt=notices_end).order_by("created_at"),
        "old failure counts": failures.filter(last_failed_at__lt=pauses_end).order_by(
            "last_failed_at"
        ),
        "old tasks": DBTaskResult.objects.filter(finished_at__lt=now - _TASKS_KEPT).order_by(
            "finished_at"
        ),
    }
    before = now - timedelta(days=numbers.ended_device_days)
    for config in device_types():
        # The events keep the history, for ever; the row is no longer needed to explain it.
        ended = config.device_model.objects.filter(ended_at__lt=before)
        rows[f"old {config.verbose_name}"] = ended.order_by("ended_at")
    sessions = import_string(f"{settings.SESSION_ENGINE}.SessionStore").get_model_class()
    rows["sessions that are over"] = sessions.objects.filter(expire_date__lt=now).order_by(
        "expire_date"
    )
    return rows | get_user_model().deletable(now)
