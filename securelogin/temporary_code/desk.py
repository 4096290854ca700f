"""One agent about to issue one client a code: what is known, what is asked, what is done.

`securelogin.temporary_code.admin` has the addresses; a state change is the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import codes
from securelogin.conf import policy
from securelogin.desk.admin.risky import RiskyDesk, RiskyPage
from securelogin.desk.forms import IdentityForm
from securelogin.desk.live import live_status
from securelogin.desk.rules import Risk
from securelogin.models import describe_for
from securelogin.temporary_code.forms import IssueForm, RepeatForm
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, details, lost_in
from securelogin.temporary_code.models import AlreadyIssuedError, TemporaryCode

if TYPE_CHECKING:
    from accounts.models import User

TITLE = "Temporary Code"


class IssueDesk(RiskyDesk):
    """One request to the page that issues."""

    action = ISSUE_ACTION
    label = "Issue Temporary Code"
    url_name = "admin:temporary_code_issue"
    state_url_name = "admin:temporary_code_state"
    form_class = IssueForm
    kept = ("reason", "ticket", "note")
    kept_lists = ("lost",)

    def all_risks(self) -> list[Risk]:
        """As `TemporaryCode.objects.risks`."""
        return TemporaryCode.objects.risks(self.client, self.now, self.check)

    def details_of(self, entries: Mapping[str, Any]) -> dict[str, str]:
        """Reason, ticket, note, and what is lost."""
        return details(entries["reason"], entries["ticket"], entries["note"], entries["lost"])

    def entries_of(self, details: Mapping[str, str]) -> dict[str, Any]:
        """The same."""
        lost = lost_in(details)
        return {**details, "lost": lost} if lost else dict(details)

    def earlier(self) -> TemporaryCode | None:
        """The client's latest code, if it is a reason to ask."""
        if TemporaryCode.objects.issue_refusal(self.client, self.now) is None:
            return None
        issued = TemporaryCode.objects.of(self.client).select_related("issued_by")
        return cast("TemporaryCode", issued.latest("created_at"))

    @sensitive_variables()
    def issue(self, form: IdentityForm) -> tuple[TemporaryCode, str]:
        """Issue on the agent's own evidence, as `TemporaryCode.objects.issue`.

        Args:
            form: valid.
        """
        data = form.cleaned_data
        return TemporaryCode.objects.issue(
            self.client,
            by=self.agent,
            reason=data["reason"],
            ticket=data["ticket"],
            note=data["note"],
            lost=data["lost"],
            request_id=data["request_id"],
            check=self.check,
        )

    @sensitive_variables()
    def issue_agreed(self) -> tuple[TemporaryCode, str]:
        """Issue what was approved, and nothing else, as `TemporaryCode.objects.issue`."""
        approval = self.agreed()
        return TemporaryCode.objects.issue(
            self.client,
            by=self.agent,
            reason=Reason(approval.details["reason"]),
            ticket=approval.details["ticket"],
            note=approval.details["note"],
            lost=lost_in(approval.details),
            request_id=approval.request_id,
            check=self.check,
            approval=approval,
        )


class IssuePage(RiskyPage):
    """One answer of the page that issues."""

    title = TITLE
    template = "temporary_code/issue"
    desk: IssueDesk

    @sensitive_variables()
    def answer(self) -> HttpResponse:
        """Only for an active client, and once for each form."""
        if not self.desk.client.is_active:
            return self.page("temporary_code/inactive", {}, 409)
        if _was_carried_out(self.request.POST.get("request_id", "")):
            return shown_once(self.request, self.base, self.desk.client)
        return super().answer()

    @sensitive_variables()
    def act(self, form: IdentityForm) -> HttpResponse:
        """Issue on the agent's own evidence; the answer has the code."""
        return self._issued(lambda: self.desk.issue(form))

    @sensitive_variables()
    def act_agreed(self) -> HttpResponse:
        """Issue what was approved; the answer has the code."""
        return self._issued(self.desk.issue_agreed)

    @sensitive_variables()
    def _issued(self, issue: Callable[[], tuple[TemporaryCode, str]]) -> HttpResponse:
        try:
            row, code = issue()
        except AlreadyIssuedError:
            return shown_once(self.request, self.base, self.desk.client)
        return read_out(self.request, self.base, row, code)

    def form_context(self) -> dict[str, Any]:
        """The summary, and the code before this one."""
        now = self.desk.now
        ends = _ends(self.desk.client, now + policy().code_full, now + policy().code_life)
        return {"earlier": self.desk.earlier(), **ends}


@sensitive_variables()
def read_out(
    request: HttpRequest, base: dict[str, Any], row: TemporaryCode, code: str
) -> HttpResponse:
    """The code, for the agent to read out: in the answer to this POST and nowhere else.

    Args:
        request: the agent's.
        base: what every page of the desk shows.
        row: the code, issued now.
        code: its digits.
    """
    # SECURITY: rendered here once and kept nowhere; a reload meets AlreadyIssuedError.
    words = codes.words(code, row.user.language)
    context = {
        **base,
        "title": TITLE,
        "client": row.user,
        "code": row,
        "groups": list(zip(codes.groups(code), words, strict=True)),
        "repeat_form": _repeat_form(request, row),
        "seconds": int(policy().read_out_life.total_seconds()),
        "live": live_status(row.user),
        **_ends(row.user, row.limited_at, row.expires_at),
    }
    return render(request, "admin/temporary_code/read_out.html", context)


def shown_once(
    request: HttpRequest, base: dict[str, Any], client: User, status: int = 409
) -> HttpResponse:
    """The page instead of a code that was shown before.

    Args:
        request: the agent's.
        base: what every page of the desk shows.
        client: the client.
        status: of the answer.
    """
    code = TemporaryCode.objects.of(client).open().order_by("-created_at").first()
    context = {
        **base,
        "title": TITLE,
        "client": client,
        "code": code,
        "repeat_form": _repeat_form(request, code) if code else None,
    }
    return render(request, "admin/temporary_code/shown_once.html", context, status=status)


def _repeat_form(request: HttpRequest, code: TemporaryCode) -> RepeatForm | None:
    """The button "Not understood", where it would do something."""
    return RepeatForm() if code.may_be_repeated_by(cast("User", request.user)) else None


def _ends(client: User, limited_at: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Both ends of a code: the moments, and their words in the client's zone if that differs."""
    other_zone = client.time_zone != timezone.get_current_timezone_name()
    return {
        "limited_at": limited_at,
        "until": until,
        "client_limited_at": describe_for(client, limited_at) if other_zone else "",
        "client_until": describe_for(client, until) if other_zone else "",
    }


def _was_carried_out(request_id: str) -> bool:
    """Whether the code of this request was made: asked before anything else, so that a reload
    of the page that showed it is told so, whatever policy says of one more code."""
    try:
        return TemporaryCode.objects.filter(request_id=UUID(request_id)).exists()
    except ValueError:
        return False
