"""Who may do what at the desk, written out: interface 3.1, for every address that there is."""

from __future__ import annotations

from dataclasses import dataclass

from securelogin.registry import device_types

# Everybody who can stand before the desk. `Staff` has no group; `Client` is not staff.
ROLES = ("Client", "Staff", "Agent", "Senior", "Supervisor", "Auditor", "Superuser")
# Whose record an address names.
RECORDS = ("own", "client", "colleague", "chief")

_STAFF = frozenset(ROLES) - {"Client"}
_DESK = _STAFF - {"Staff"}
_ACTING = _DESK - {"Auditor"}
_DECIDING = _ACTING - {"Agent"}
_LOOKING_BACK = frozenset({"Supervisor", "Auditor", "Superuser"})
# Who acts on records of staff, too. Nobody acts on the own one.
CHIEFS = frozenset({"Supervisor", "Superuser"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One address.

    Attributes:
        roles: who may.
        read: the status of a GET by somebody who may.
        sent: the status of a POST by somebody who may.
        needs_approval: the status of a POST for a record of staff, where it differs.
        acts: it acts on the record that it names, so the record counts, too.
        refused: the status for other staff, of a GET and of a POST.
    """

    roles: frozenset[str]
    read: int
    sent: int
    acts: bool = False
    refused: tuple[int, int] = (403, 403)
    needs_approval: int | None = None

    def expects(self, role: str, record: str) -> tuple[int, int]:
        """The statuses of GET and POST for staff of a role, on a record."""
        allowed = role in self.roles
        if self.acts:
            allowed &= record == "client" or (record in {"colleague", "chief"} and role in CHIEFS)
        if not allowed:
            return self.refused
        if self.needs_approval and record != "client":
            return (self.read, self.needs_approval)
        return (self.read, self.sent)


RULES = {
    # For all staff with both factors; what they see there depends on their role.
    "index": Rule(_STAFF, 200, 200),
    "login": Rule(_STAFF, 302, 302),
    "logout": Rule(_STAFF, 404, 404),
    "jsi18n": Rule(_STAFF, 200, 405),
    "app_list": Rule(_STAFF, 302, 302),
    # "Anything else".
    "None": Rule(_STAFF, 404, 404),
    "autocomplete": Rule(frozenset(), 0, 0, refused=(403, 405)),
    # Pages to read: the right is asked, the record is not; that it was opened is recorded.
    "accounts_user_changelist": Rule(_DESK, 200, 405, refused=(403, 405)),
    "accounts_user_change": Rule(_DESK, 200, 405, refused=(403, 405)),
    "accounts_user_progress": Rule(_DESK, 200, 405, refused=(403, 405)),
    "securelogin_securityevent_changelist": Rule(_DESK, 200, 405),
    "securelogin_securityevent_export": Rule(_LOOKING_BACK, 405, 200),
    "securelogin_securityevent_figures": Rule(_LOOKING_BACK, 200, 405),
    "desk_approval_changelist": Rule(_DECIDING, 200, 405, refused=(403, 405)),
    # Pages that act.
    "desk_approval_change": Rule(_DECIDING, 200, 302, acts=True),
    "accounts_user_unlock": Rule(_ACTING, 200, 302, acts=True, needs_approval=422),
    "accounts_user_unlock_state": Rule(_ACTING, 200, 405, acts=True, refused=(403, 405)),
    "temporary_code_issue": Rule(_ACTING, 200, 422, acts=True),
    "temporary_code_state": Rule(_ACTING, 200, 405, acts=True, refused=(403, 405)),
    "temporary_code_read_back": Rule(_ACTING, 405, 302, acts=True, refused=(405, 403)),
    "temporary_code_repeat": Rule(_ACTING, 200, 409, acts=True),
    # A device of whatever type.
    **{
        f"{config.label}_{config.model_name.lower()}_revoke": Rule(_ACTING, 200, 302, acts=True)
        for config in device_types()
    },
}
