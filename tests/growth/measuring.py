"""What one act asks of PostgreSQL: how often, how many blocks are touched, and by which plans.

A B-tree of a million entries is one or two levels higher than one of a thousand, so whatever looks
up single rows touches a few blocks more, in any database. Each figure is therefore taken twice: all
blocks, and those apart from the inner levels of trees. The second must not grow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

from django.db import connection

from tests.plans import listening, read_whole

# A table with fewer rows is rightly read as a whole.
MANY_ROWS = 5_000
# Tables of the portal, their indexes and what lies outside their rows. The catalogue is left out:
# it does not grow, and each connection reads it once.
_TOUCHED = """SELECT sum(heap_blks_read + heap_blks_hit
    + coalesce(idx_blks_read, 0) + coalesce(idx_blks_hit, 0)
    + coalesce(toast_blks_read, 0) + coalesce(toast_blks_hit, 0)
    + coalesce(tidx_blks_read, 0) + coalesce(tidx_blks_hit, 0))
    FROM pg_statio_user_tables"""
# How often each tree was descended: by searches, and by rows that were put into it. Partial
# indexes are left out of the second, as not every row enters them.
_DESCENTS = """SELECT indexrelid::regclass::text, tree.idx_scan
    + CASE WHEN indpred IS NULL THEN n_tup_ins + n_tup_upd - n_tup_hot_upd ELSE 0 END
    FROM pg_stat_user_indexes AS tree JOIN pg_stat_user_tables USING (relid)
    JOIN pg_index USING (indexrelid) JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam WHERE amname = 'btree'"""
# The release that tells at once what a session has done so far.
_OLDEST_VERSION = 150_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one act costs the database.

    Attributes:
        statements: how many.
        blocks: of 8 kB, touched in memory or read from the disk, each as often as it was touched;
            commits with their deferred checks of keys included.
        flat: those of them apart from the inner levels of B-trees.
        whole: the tables that a statement reads from one end to the other, with the statement.
    """

    statements: float
    blocks: float
    flat: float
    whole: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Counters:
    blocks: int
    descents: dict[str, int]


def prepare() -> str:
    """Make the database able to tell; returns why it is not, or nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int >= %s", [_OLDEST_VERSION])
        if not cursor.fetchone()[0]:
            return "PostgreSQL 15 or newer is needed"
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        if not cursor.fetchone()[0]:
            return "only a superuser may look at the height of indexes"
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pageinspect")
    return ""


def cost_of(act: Callable[[], object]) -> Cost:
    """Do it, and count. Call `prepare` first."""
    before = _counters()
    with listening() as asked:
        act()
    after = _counters()
    blocks = after.blocks - before.blocks
    used = {
        index: number - before.descents.get(index, 0)
        for index, number in after.descents.items()
        if number > before.descents.get(index, 0)
    }
    inner = sum(number * _levels_above_leaves(index) for index, number in used.items())
    return Cost(len(asked), blocks, blocks - inner, tuple(read_whole(asked, _big_tables())))


def middle(costs: list[Cost]) -> Cost:
    """Of the same act, done several times: the means, and all that was read as a whole."""
    return Cost(
        mean(cost.statements for cost in costs),
        mean(cost.blocks for cost in costs),
        mean(cost.flat for cost in costs),
        tuple(sorted({table for cost in costs for table in cost.whole})),
    )


def _counters() -> _Counters:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(_TOUCHED)
        [(blocks,)] = cursor.fetchall()
        cursor.execute(_DESCENTS)
        return _Counters(int(blocks), dict(cursor.fetchall()))


def _levels_above_leaves(index: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fastlevel FROM bt_metap(%s)", [index])
        return int(cursor.fetchone()[0])


def _big_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [MANY_ROWS]
        )
        return {name for (name,) in cursor.fetchall()}
