"""What lets a member of staff do something risky: the agent's own evidence, or a second person.

Every such action asks it in its own transaction, so that a page that forgets to ask changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from securelogin.desk.models import Approval, IdentityCheck, NotAllowedError
from securelogin.desk.rules import Risk

if TYPE_CHECKING:
    from accounts.models import User


class ApprovalNeededError(Exception):
    """A member of staff must not do this alone; ``risks`` say why."""

    def __init__(self, risks: list[Risk]) -> None:
        super().__init__(", ".join(risk.name for risk in risks))
        self.risks = risks


def claim(
    by: User,
    action: str,
    client: User,
    *,
    check: IdentityCheck | None,
    risks: list[Risk],
    details: Mapping[str, str],
    approval: Approval | None,
) -> dict[str, str]:
    """Use up what lets this person act now. Call it in the transaction, with the client locked.

    Args:
        by: who acts.
        action: such as ``issue``.
        client: for whom.
        check: what the person established about the caller; it is closed.
        risks: why a second person has to agree, at this moment.
        details: what exactly is to be done.
        approval: a second person's, of exactly this; it is used up.

    Returns:
        What the event of the action says of it: evidence, and who approved.

    Raises:
        ApprovalNeededError: there are risks and no approval, or risks that were not known when
            it was asked for.
        ApprovalOverError: the approval is not one, was used, or has expired.
        NotAllowedError: the approval is of something else.
    """
    detail: dict[str, str] = {}
    if approval is not None:
        # SECURITY: exactly what was approved, on the facts that were approved.
        if approval.details != details:
            raise NotAllowedError
        approval.use(by, action, client)
        risks = [risk for risk in risks if not approval.covers(risk)]
        detail["approved_by"] = approval.decided_by.username if approval.decided_by else ""
    if risks:
        raise ApprovalNeededError(risks)
    if check is not None:
        detail["evidence"] = ", ".join(kind.value for kind in check.evidence)
        check.close()
    return detail
