"""What staff do at the desk, with every secret known: the other half of the canary's walk."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.core import mail

from accounts.models import User
from securelogin.desk.models import IdentityCheck
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.security.traces import Recorder
from tests.security.walk import Run

CODES = "/admin/temporary_code/temporarycode"
CONFIRM = "/login/confirm/"
CASE = {"called_back": "on", "reason": "A", "ticket": "T-7", "note": "rang twice"}
_DIGITS = re.compile(r'class="digits">(\d{3})<')


class Desk:
    """One member of staff, and what others could see of the person's browser."""

    def __init__(self, run: Run, user: User) -> None:
        self.run, self.user = run, user
        self.browser = Recorder()
        code, self.digits = factories.make_code(user)
        run.secrets.add_code(self.digits, bytes(code.digest))
        self.enter()

    def enter(self) -> None:
        """Log in; again after a long pause."""
        assert factories.sign_in(self.browser, self.user, self.digits).status_code == 302

    def get(self, path: str) -> Any:
        """Open a page."""
        response = self.browser.get(path)
        assert response.status_code == 200, path
        return response

    def send(self, path: str, status: int, **data: str) -> Any:
        """Send a form, with a fresh proof if that is asked for, and expect this answer."""
        response = self.browser.post(path, data)
        if response.status_code == 302 and response["Location"].startswith(CONFIRM):
            self._prove(response["Location"])
            self.get(path)
            response = self.browser.post(path, data)
        assert response.status_code == status, (path, data, response.content.decode())
        return response

    def _prove(self, place: str) -> None:
        self.get(place)
        wrong = {"password": "wrong-password-2", "temporary_code": self.digits}
        assert self.browser.post(place, wrong).status_code == 422
        self.run.later(seconds=10)
        right = {"password": factories.PASSWORD, "temporary_code": self.digits}
        assert self.browser.post(place, right).status_code == 302

    def look_at(self, client: User) -> None:
        """Find the client, and whatever is there to be seen."""
        for path in (
            "",
            f"accounts/user/?q={client.username}",
            f"accounts/user/{client.pk}/change/",
            f"accounts/user/{client.pk}/progress/",
            "securelogin/securityevent/",
            f"securelogin/securityevent/?client={client.pk}",
        ):
            self.get(f"/admin/{path}")

    # Issue --------------------------------------------------------------------------------

    def identify(self, client: User, *, wrong_first: bool = False) -> None:
        """Call back, and send a check number that the caller reads back."""
        form = f"{CODES}/issue/{client.pk}/"
        self.get(form)
        shown = self.send(form, 200, do="show_number")
        assert client.phone in shown.content.decode()
        self.run.shown_in.add(self.browser.pages[-1][1])
        self.send(form, 200, do="send_number", called_back="on")
        number = re.findall(r"^\s+(\d+)$", str(mail.outbox[-1].body), re.MULTILINE)[0]
        check = IdentityCheck.objects.get(agent=self.user, client=client, closed_at=None)
        self.run.secrets.add_check(number, bytes(check.check_digest))
        if wrong_first:
            wrong = "".join(str(9 - int(digit)) for digit in number)
            self.send(form, 422, do="compare", check_number=wrong)
        self.send(form, 200, do="compare", check_number=number)

    def issue(self, client: User) -> str:
        """On the own evidence; a reload shows nothing."""
        self.look_at(client)
        self.identify(client)
        form = f"{CODES}/issue/{client.pk}/"
        data = {**CASE, "request_id": str(uuid.uuid4())}
        digits = self._read_out(self.send(form, 200, do="issue", **data), client)
        self.send(form, 409, do="issue", **data)
        self.get(form)
        return digits

    def ask(self, client: User) -> None:
        """What the agent must not do alone is asked for."""
        form = f"{CODES}/issue/{client.pk}/"
        data = {**CASE, "request_id": str(uuid.uuid4())}
        self.send(form, 422, do="issue", **data)
        self.send(form, 302, do="ask", **data)
        self.get(form)
        self.get(f"{form}state/")

    def carry_out(self, client: User) -> str:
        """Issue what was approved; a reload shows nothing."""
        form = f"{CODES}/issue/{client.pk}/"
        self.get(form)
        self.get(f"{form}state/")
        approval = str(client.approvals.latest("pk").pk)
        digits = self._read_out(self.send(form, 200, approval=approval), client)
        self.send(form, 409, approval=approval)
        self.get(form)
        return digits

    def make_anew(self, client: User) -> str:
        """The client did not understand the code."""
        path = f"{CODES}/{TemporaryCode.objects.of(client).latest('pk').pk}/repeat/"
        data = {"request_id": str(uuid.uuid4())}
        digits = self._read_out(self.send(path, 200, **data), client)
        self.send(path, 409, **data)
        self.get(path)
        return digits

    def confirm_read_back(self, client: User) -> None:
        """The client read it back correctly."""
        code = TemporaryCode.objects.of(client).latest("pk")
        self.send(f"{CODES}/{code.pk}/read-back/", 302)
        self.look_at(client)

    def _read_out(self, page: Any, client: User) -> str:
        self.run.shown_in.add(self.browser.pages[-1][1])
        digits = "".join(_DIGITS.findall(page.content.decode()))
        row = TemporaryCode.objects.of(client).latest("pk")
        self.run.secrets.add_code(digits, bytes(row.digest))
        assert row.is_code(digits)
        return digits

    # The second person, and what else there is to do -----------------------------------------

    def decide(self, client: User, decision: str) -> None:
        """Look at the request, forget the reason, decide."""
        page = f"/admin/desk/approval/{client.approvals.latest('pk').pk}/change/"
        for path in ("/admin/", "/admin/desk/approval/", page):
            self.get(path)
        self.send(page, 422, decision=decision)
        self.send(page, 302, decision=decision, reason="Known to us")
        self.get("/admin/desk/approval/")
        self.get(page)

    def unlock(self, client: User) -> None:
        """Lift the lock of a client, on a document seen."""
        path = f"/admin/accounts/user/{client.pk}/unlock/"
        self.look_at(client)
        self.get(path)
        self.get(f"{path}state/")
        data = {"document": "passport", "document_seen": "on_video", "ticket": "T-9"}
        data |= {"do": "unlock", "request_id": str(uuid.uuid4())}
        self.send(path, 422, **data)
        self.send(path, 302, reason="Mistyped at home", **data)
        self.get(path)

    def revoke(self, client: User) -> None:
        """End the client's newest code."""
        path = f"{CODES}/{TemporaryCode.objects.of(client).latest('pk').pk}/revoke/"
        self.get(path)
        self.send(path, 422)
        self.send(path, 302, reason="suspicion", words="caller hung up")
        self.look_at(client)

    def look_back(self) -> None:
        """The figures, and everything as a file."""
        self.get("/admin/securelogin/securityevent/figures/")
        days = {"since": "2026-01-01", "until": "2026-12-31"}
        self.send("/admin/securelogin/securityevent/export/", 200, **days)
        assert "Temporary Code" in self.browser.pages[-1][1]
