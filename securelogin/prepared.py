"""Queries that are written as SQL once, for what every request and every login asks.

The ORM writes the SQL of a query anew each time, which costs ten times what the database does to
answer it by an index. A `Prepared` query is a plain queryset whose values are left open: it is
compiled when it is first asked, and from then on only the values are filled in.

Not for a query whose form depends on its values: a value of None would not become ``IS NULL``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from django.db import connection, models, transaction
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators
from django.db.models.sql.subqueries import UpdateQuery

if TYPE_CHECKING:
    from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=models.Model)


class Slot(Expression):
    """Stands in a queryset for a value that is known when the statement runs."""

    def __init__(self, name: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    # The stubs know texts and numbers as parameters.
    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any
    ) -> tuple[str, tuple[Slot]]:
        """A parameter, which `_Statement.filled` finds again in the list of them."""
        return "%s", (self,)


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL with its parameters; a `Slot` among them is open."""

    sql: str
    params: tuple[Any, ...]

    def filled(self, values: dict[str, Any]) -> list[Any]:
        return [
            param.output_field.get_db_prep_value(values[param.name], connection)
            if isinstance(param, Slot)
            else param
            for param in self.params
        ]


# The number of a column, and what makes its value of what the database gives.
_Converter = tuple[int, list[Callable[..., Any]], Any]


def _converters(compiler: SQLCompiler) -> list[_Converter]:
    expressions = [expression for expression, _sql, _alias in compiler.select]
    return [(column, *how) for column, how in compiler.get_converters(expressions).items()]


def _converted(found: Iterable[Any], converters: list[_Converter]) -> list[Any]:
    row = list(found)
    for column, converts, expression in converters:
        for convert in converts:
            row[column] = convert(row[column], expression, connection)
    return row


@dataclass(frozen=True, slots=True)
class _Reader(Generic[Row]):
    """What makes objects of the rows, as the ORM does it."""

    model: type[Row]
    names: list[str]
    first: int
    behind: int
    converters: list[_Converter]
    related: list[Any]

    def read(self, found: Iterable[Any]) -> Row:
        row = _converted(found, self.converters)
        made = self.model.from_db(connection.alias, self.names, row[self.first : self.behind])
        for populator in self.related:
            populator.populate(row, made)
        return made


class Prepared(Generic[Row]):
    """A queryset with open values.

    Args:
        build: gets a `Slot` for each of ``values`` by name and gives the queryset. It may defer
            columns, join, sort, slice and lock.
        values: what is open: names, and fields that say how each is written.
    """

    def __init__(
        self,
        build: Callable[..., models.QuerySet[Row]],
        **values: models.Field[Any, Any],
    ) -> None:
        self._build = build
        self._slots = {name: Slot(name, field) for name, field in values.items()}
        # By the kind of database: each writes its own SQL.
        self._compiled: dict[str, tuple[_Statement, _Reader[Row], bool]] = {}

    def __call__(self, **values: Any) -> list[Row]:
        """Ask the database.

        Args:
            values: one for each that is open, never None.

        Raises:
            TransactionManagementError: it locks rows, and no transaction is open.
        """
        statement, reader, locks = self._compiled.get(connection.vendor) or self._compile()
        if locks and connection.get_autocommit():
            raise transaction.TransactionManagementError("Rows are locked in a transaction only.")
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            return [reader.read(row) for row in cursor.fetchall()]

    def first(self, **values: Any) -> Row | None:
        """The first of them, or None."""
        return next(iter(self(**values)), None)

    def _compile(self) -> tuple[_Statement, _Reader[Row], bool]:
        queryset = self._build(**self._slots)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        select, about = compiler.select, compiler.klass_info
        fields = about["select_fields"]
        reader = _Reader(
            model=about["model"],
            names=[select[place][0].target.attname for place in fields],
            first=fields[0],
            behind=fields[-1] + 1,
            converters=_converters(compiler),
            # The stubs are those of Django 6, which has one argument more.
            related=get_related_populators(about, select, connection.alias),  # type: ignore[call-arg]
        )
        compiled = _Statement(sql, tuple(params)), reader, queryset.query.select_for_update
        self._compiled[connection.vendor] = compiled
        return compiled


class PreparedValues:
    """A queryset with open values that gives plain values, computed ones too.

    Args:
        build: as in `Prepared`, but what it gives ends with ``values_list``.
        values: as in `Prepared`.
    """

    def __init__(
        self,
        build: Callable[..., models.QuerySet[Any, tuple[Any, ...]]],
        **values: models.Field[Any, Any],
    ) -> None:
        self._build = build
        self._slots = {name: Slot(name, field) for name, field in values.items()}
        self._compiled: dict[str, tuple[_Statement, list[_Converter]]] = {}

    def __call__(self, **values: Any) -> list[tuple[Any, ...]]:
        """Ask the database.

        Args:
            values: one for each that is open, never None.
        """
        statement, converters = self._compiled.get(connection.vendor) or self._compile()
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            return [tuple(_converted(row, converters)) for row in cursor.fetchall()]

    def _compile(self) -> tuple[_Statement, list[_Converter]]:
        compiler = self._build(**self._slots).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        compiled = _Statement(sql, tuple(params)), _converters(compiler)
        self._compiled[connection.vendor] = compiled
        return compiled


class PreparedUpdate:
    """An UPDATE with open values.

    Args:
        build: gets a `Slot` for each of ``values`` and gives the queryset to change and, by the
            names of columns, what they become.
        values: as in `Prepared`.
    """

    def __init__(
        self,
        build: Callable[..., tuple[models.QuerySet[Any], dict[str, Any]]],
        **values: models.Field[Any, Any],
    ) -> None:
        self._build = build
        self._slots = {name: Slot(name, field) for name, field in values.items()}
        self._compiled: dict[str, _Statement] = {}

    def __call__(self, **values: Any) -> int:
        """Change the rows.

        Args:
            values: one for each that is open; None only for a column that becomes NULL.

        Returns:
            How many rows there were.
        """
        statement = self._compiled.get(connection.vendor) or self._compile()
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            return int(cursor.rowcount)

    def _compile(self) -> _Statement:
        queryset, changes = self._build(**self._slots)
        query = cast("UpdateQuery", queryset.query.chain(UpdateQuery))
        query.add_update_values(changes)
        sql, params = query.get_compiler(connection=connection).as_sql()
        self._compiled[connection.vendor] = statement = _Statement(sql, tuple(params))
        return statement


class PreparedInsert:
    """An INSERT of one row, without signals and without a look at what is there.

    Args:
        model: whose table. A key that the database makes is left to it.
        clause: what follows the values, such as ``RETURNING id``.
    """

    def __init__(self, model: type[models.Model], clause: str = "") -> None:
        self._model, self._clause = model, clause
        self._compiled: dict[str, str] = {}

    def __call__(self, row: models.Model) -> tuple[Any, ...] | None:
        """Store a row of that model.

        Returns:
            What the clause returns; None for nothing.
        """
        values = [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in self._fields()
        ]
        sql = self._compiled.get(connection.vendor) or self._compile()
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: tuple[Any, ...] | None = cursor.fetchone() if self._clause else None
        row._state.adding = False
        row._state.db = connection.alias
        return found

    def _fields(self) -> list[models.Field[Any, Any]]:
        columns = self._model._meta.concrete_fields
        return [field for field in columns if not isinstance(field, models.AutoField)]

    def _compile(self) -> str:
        quote = connection.ops.quote_name
        columns = [quote(str(field.column)) for field in self._fields()]
        self._compiled[connection.vendor] = sql = (
            f"INSERT INTO {quote(self._model._meta.db_table)} ({', '.join(columns)}) "  # noqa: S608 - names of tables
            f"VALUES ({', '.join(['%s'] * len(columns))}) {self._clause}"
        )
        return sql
