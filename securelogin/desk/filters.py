"""The forms above the timeline: which events to show, and which to export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from securelogin import moments
from securelogin.desk.export import LONGEST_DAYS
from securelogin.desk.found_events import Cursor, Wanted, groups
from securelogin.events import reference_in

if TYPE_CHECKING:
    from accounts.models import User

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_GREATEST_KEY = 2**63 - 1
_NO_SUCH_EVENTS = "This address asks for events that cannot be found. Start again without filters."


class _DayInput(forms.DateInput):
    """The browser's own calendar; a text for what is no date, since a calendar would drop it."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's, with the type that can hold the value."""
        context = super().get_context(name, value, attrs)
        context["widget"]["type"] = "date" if _is_day(context["widget"]["value"]) else "text"
        return context


def _is_day(text: str | None) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _day(label: str) -> forms.DateField:
    between = f"Enter a date between {_FIRST_DAY.year} and {_LAST_DAY.year}."
    return forms.DateField(
        label=label,
        required=False,
        widget=_DayInput(format="%Y-%m-%d"),
        validators=[MinValueValidator(_FIRST_DAY, between), MaxValueValidator(_LAST_DAY, between)],
        error_messages={"invalid": f"Enter the date “{label}” as 2026-07-24."},
    )


def _hidden(field: type[forms.Field], **options: Any) -> Any:
    messages = dict.fromkeys(
        ("invalid", "invalid_choice", "min_value", "max_value", "max_length"), _NO_SUCH_EVENTS
    )
    return field(required=False, widget=forms.HiddenInput, error_messages=messages, **options)


class TimelineForm(forms.Form):
    """Which events, and from where on. Everything may stay empty."""

    client = _hidden(forms.IntegerField, min_value=1, max_value=_GREATEST_KEY)
    group = _hidden(forms.ChoiceField, choices=lambda: list(groups().items()))
    since = _day("From")
    until = _day("To")
    staff = forms.CharField(
        label="Staff member (user name)",
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reference = forms.CharField(
        label="Reference",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    before = _hidden(forms.CharField, max_length=40)
    after = _hidden(forms.CharField, max_length=40)

    def clean_client(self) -> User | None:
        """The client of this primary key."""
        pk = self.cleaned_data["client"]
        found = get_user_model().objects.filter(pk=pk).first() if pk else None
        if pk and found is None:
            raise ValidationError("There is no such client.")
        return found

    def clean_staff(self) -> User | None:
        """The person of this user name."""
        name = self.cleaned_data["staff"].lower()
        found = get_user_model().objects.filter(username=name).first() if name else None
        if name and found is None:
            raise ValidationError("Nobody has this user name.")
        return found

    def clean_reference(self) -> str:
        """As it is stored, however it was understood on the phone."""
        text = self.cleaned_data["reference"]
        found = reference_in(text)
        if text and not found:
            raise ValidationError("Enter a reference like A7-2210.")
        return found

    def clean_before(self) -> Cursor | None:
        """A position that a link of ours holds."""
        return self._cursor("before")

    def clean_after(self) -> Cursor | None:
        """A position that a link of ours holds."""
        return self._cursor("after")

    def _cursor(self, name: str) -> Cursor | None:
        text = self.cleaned_data[name]
        try:
            return Cursor.parse(text) if text else None
        except ValueError:
            raise ValidationError(_NO_SUCH_EVENTS) from None

    def clean(self) -> None:
        """The days in order."""
        since, until = self._days()
        if since and until and since > until:
            self.add_error("until", "Enter a last day that is not before the first.")

    def _days(self) -> tuple[date | None, date | None]:
        return self.cleaned_data.get("since"), self.cleaned_data.get("until")

    @property
    def wanted(self) -> Wanted:
        """What is asked for, once the form is valid; days are those of the reader's zone."""
        data = self.cleaned_data
        since, until = self._days()
        return Wanted(
            client=data["client"],
            group=data["group"],
            staff=data["staff"],
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
            reference=data["reference"],
        )


class ExportForm(TimelineForm):
    """Which events to export: the filters of the page, and a range of days."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: dict[str, Any] | None = None
    ) -> None:
        # Its fields stand on the page beside those of the filters.
        super().__init__(data, auto_id="export_%s", initial=initial)
        for name, message in (
            ("since", "Enter the first day of the export."),
            ("until", "Enter the last day of the export."),
        ):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = message
        for name in ("staff", "reference"):
            self.fields[name].widget = forms.HiddenInput()
        # An export has no pages.
        del self.fields["before"], self.fields["after"]

    def clean(self) -> None:
        """Not more than a year at a time."""
        super().clean()
        since, until = self._days()
        if since and until and (until - since).days >= LONGEST_DAYS:
            self.add_error("until", f"Choose at most {LONGEST_DAYS} days at a time.")

    @property
    def days(self) -> str:
        """The range in words, with the zone of its days."""
        wanted = self.wanted
        zone = timezone.get_current_timezone_name()
        last = wanted.until - timedelta(seconds=1) if wanted.until else None
        ends = [moments.day(moment, zone) for moment in (wanted.since, last) if moment]
        return f"{' to '.join(ends)} ({moments.zone_name(zone)})"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
