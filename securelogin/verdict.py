"""What a device says of an answer. The person only ever sees a neutral sentence for it.

Pure.
"""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of one verification."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    # Right for a code that a newer one replaced; told only because the old code was right.
    REPLACED = "replaced"
    # Right, and accepted before: somebody else may have seen it, or used it first.
    REPLAYED = "replayed"
    # Two authenticators answer as one: its counter did not go forward.
    CLONED = "cloned"
    # The index numbers themselves were typed; forgiven once for each challenge.
    INDEX_NUMBERS = "index_numbers"
    # Refused unseen: nothing was compared, so the answer tells nothing.
    WAIT = "wait"
    # It was asked for another question than the one that is open now.
    OUTDATED = "outdated"
    LOCKED = "locked"
    ENDED = "ended"
    KEY_MISSING = "key_missing"


COUNTED = frozenset({Verdict.WRONG, Verdict.REPLACED, Verdict.REPLAYED, Verdict.CLONED})
# Refused without counting, and yet the sign of somebody who goes on trying, or tries again.
RECORDED_ONCE = frozenset({Verdict.LOCKED, Verdict.ENDED})
