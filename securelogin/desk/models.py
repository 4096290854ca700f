"""The desk's tables, where Django looks for them: what staff establish, what they decide.

A state change is one method there, as everywhere: in one transaction, with its event.
"""

from __future__ import annotations

from securelogin.desk.approvals import Approval, ApprovalOverError, NotAllowedError
from securelogin.desk.identity import IdentityCheck, NotSentError, risks_of

__all__ = [
    "Approval",
    "ApprovalOverError",
    "IdentityCheck",
    "NotAllowedError",
    "NotSentError",
    "risks_of",
]
