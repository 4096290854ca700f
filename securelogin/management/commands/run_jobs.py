"""Everything that time does: ends, reminders, retries, anchors, deletions. Safe at any time, any
number of times, in parallel: each step is conditional, and reminders have a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from securelogin import notices
from securelogin.conf import policy
from securelogin.models import AuditAnchor, Failures, Notice, factor_key
from securelogin.registry import device_types


class Command(BaseCommand):
    """Run it from a timer, every few minutes."""

    help = "End what has run out, send reminders and unsent mail, delete what may go."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--dry-run`` counts what would be deleted."""
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Each step in turn; a step that fails leaves the others' work done."""
        now = timezone.now()
        for config in device_types():
            model = config.device_model
            self._say(f"{config.verbose_name} ended", model.objects.end_run_out(now))
            self._say(f"{config.verbose_name} reminders", model.remind(now))
        self._say("notices sent again", notices.retry())
        self._say("audit anchors made", len(AuditAnchor.objects.make_due(now)))
        numbers = policy()
        old_notices = Notice.objects.filter(
            created_at__lt=now - timedelta(days=numbers.notice_days)
        )
        # SECURITY: a second factor's failures count together until a success, however old.
        old_failures = Failures.objects.exclude(key__startswith=factor_key("")).filter(
            Q(last_failed_at=None) | Q(last_failed_at__lt=now - numbers.longest_pause)
        )
        deletable: dict[str, QuerySet[Any]] = {
            "old notices": old_notices,
            "old failure counts": old_failures,
        }
        before = now - timedelta(days=numbers.ended_device_days)
        for config in device_types():
            # The events keep the history, for ever; the row is no longer needed to explain it.
            ended = config.device_model.objects.filter(ended_at__lt=before)
            deletable[f"old {config.verbose_name}"] = ended
        deletable |= get_user_model().deletable(now)
        for name, rows in deletable.items():
            count = rows.count() if options["dry_run"] else rows.delete()[0]
            self._say(f"{name} {'to delete' if options['dry_run'] else 'deleted'}", count)
        if not options["dry_run"]:
            import_string(f"{settings.SESSION_ENGINE}.SessionStore").clear_expired()

    def _say(self, what: str, count: int) -> None:
        self.stdout.write(f"{what}: {count}")
