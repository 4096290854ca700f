"""Which step of time a code belongs to, and whether it may still serve (RFC 4226, RFC 6238).

Pure: the moment and the function that makes a code are arguments.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime

from securelogin.verdict import Verdict

# 160 bits: what the HMAC of RFC 4226 takes in, and what every app takes.
KEY_BYTES = 20
DIGITS = 6
STEP_SECONDS = 30
# One step back and one ahead: a minute and a half for a clock that is a little off, and for a
# person who types. NIST SP 800-63B-4 3.1.4.2 and 8.1.2.4; docs/conformance.md, X-9.
REACH = 1
# While an app is added a clock that is wrong is recognised up to here: ten minutes.
CLOCK_REACH = 20

# The code of a step.
CodeAt = Callable[[int], str]


def step_at(now: datetime) -> int:
    """The step of a moment (aware): half minutes since 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def steps_of(code: str, code_at: CodeAt, present: int, reach: int = REACH) -> list[int]:
    """The steps around the present one whose code this is: mostly one, or none.

    SECURITY: all candidates are computed and compared, each in constant time: how long it takes
    does not tell how close a guess came.
    """
    candidates = range(max(0, present - reach), present + reach + 1)
    return [
        step for step in candidates if hmac.compare_digest(code_at(step).encode(), code.encode())
    ]


def judge(code: str, code_at: CodeAt, present: int, accepted: int) -> tuple[Verdict, int]:
    """Whether a code serves: each step once, and only after the one that served last.

    Args:
        code: six digits.
        code_at: makes the code of a step.
        present: from `step_at`.
        accepted: the step that served last.

    Returns:
        The verdict, and the step that has served last if the code is taken.
    """
    steps = steps_of(code, code_at, present)
    if not steps:
        return Verdict.WRONG, accepted
    # Of two steps with the same digits the later one: afterwards neither serves again.
    if max(steps) > accepted:
        return Verdict.ACCEPTED, max(steps)
    return Verdict.REPLAYED, accepted


def minutes_off(code: str, code_at: CodeAt, present: int) -> int:
    """By how many minutes the clock is wrong that made this code.

    Returns:
        Negative if the clock is slow, positive if it is fast, 0 if no clock within reach fits.
    """
    steps = steps_of(code, code_at, present, CLOCK_REACH)
    if not steps:
        return 0
    off = min((step - present for step in steps), key=abs)
    minutes = max(1, abs(off) * STEP_SECONDS // 60)
    return minutes if off > 0 else -minutes
