"""Several writes in one trip to the database.

For the two paths that the busiest day is made of, signing and moving: the ORM sends each write by
itself, and takes longer to put it together than PostgreSQL to carry it out.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models


class Statement(NamedTuple):
    """SQL and its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


def send(*statements: Statement) -> int:
    """Carry out the statements in order, in the transaction at hand; how many rows the first changed."""
    with connection.cursor() as cursor:
        parameters = [each for statement in statements for each in statement.parameters]
        cursor.execute("; ".join(statement.sql for statement in statements), parameters)
        return int(cursor.rowcount)


def insert(row: models.Model, **expressions: str) -> Statement:
    """A new row. ``expressions`` are SQL for columns that the database knows better, by attribute.

    The search words of a signature are the list of its words (`identity.search_tokens`).
    """
    head, places, parameters = _new(row, expressions)
    return Statement(f"{head} VALUES ({places})", parameters)


def insert_if(condition: Statement, row: models.Model, **expressions: str) -> Statement:
    """The same, where the condition holds when the statement begins."""
    head, places, parameters = _new(row, expressions)
    return Statement(
        f"{head} SELECT {places} WHERE {condition.sql}", (*parameters, *condition.parameters)
    )


def _new(row: models.Model, expressions: Mapping[str, str]) -> tuple[str, str, tuple[Any, ...]]:
    columns, places, parameters = [], [], []
    for field in _fields(type(row)):
        if field.attname in expressions:
            continue
        value = field.get_db_prep_save(field.pre_save(row, True), connection)
        columns.append(str(field.column))
        # psycopg keeps the parsed form of a statement of up to 50 parameters; a signature has 51 columns.
        literal = _literal(value)
        places.append(literal or _place(field))
        if not literal:
            parameters.append(value)
    return (
        f"INSERT INTO {row._meta.db_table} ({', '.join([*columns, *expressions])})",
        ", ".join([*places, *expressions.values()]),
        tuple(parameters),
    )


def _literal(value: object) -> str:
    """What is empty or a flag, as SQL; "" for what has to be a parameter."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "''" if value == "" else ""


def update(row: models.Model, columns: Mapping[str, Any], **only_if: Any) -> Statement:
    """These columns of a row, by attribute, if those ``only_if`` still have these values."""
    fields = [field for field in _fields(type(row)) if field.attname in columns]
    setters = ", ".join(f"{field.column} = {_place(field)}" for field in fields)
    # IS TRUE hides a status from the planner: it would walk a partial index of all pending ones that
    # it believes to be small, as it was when the table was last analysed.
    conditions = " AND ".join(("id = %s", *(f"({name} = %s) IS TRUE" for name in only_if)))
    values = (field.get_db_prep_save(columns[field.attname], connection) for field in fields)
    return Statement(
        f"UPDATE {row._meta.db_table} SET {setters} WHERE {conditions}",
        (*values, row.pk, *only_if.values()),
    )


@cache
def _fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _place(field: "models.Field[Any, Any]") -> str:
    return "array_to_tsvector(%s::text[])" if isinstance(field, SearchVectorField) else "%s"
