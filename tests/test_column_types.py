"""What comes out of the database is what the models declare, in both databases, by plain SQL as by Tortoise.

SQLite keeps moments as text, days as text and truths as numbers: our backend reads them by the declared type of the
column, so a column that is declared otherwise would come out as something else there, and here only.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from tortoise import Model, Tortoise
from tortoise.fields import BooleanField, DateField, DatetimeField
from tortoise.fields.base import Field

from forum.database import Row, is_sqlite, places, row, rows, transaction
from forum.models.joining import Link
from forum.settings import Settings
from forum.text.typography import PARIS
from tests.conftest import NOON

TYPES: dict[type[Field[Any]], type] = {DatetimeField: datetime, DateField: date, BooleanField: bool}
MOMENT = NOON + timedelta(microseconds=1)
FULL, SPARSE = 1, 2


def _columns(model: type[Model]) -> dict[str, Field[Any]]:
    fields = model._meta.fields_map
    return {column: fields[name] for name, column in model._meta.fields_db_projection.items()}


def _typed(model: type[Model]) -> dict[str, Field[Any]]:
    return {name: field for name, field in _columns(model).items() if type(field) in TYPES}


def _value(field: Field[Any], number: int) -> object:
    if isinstance(field, DatetimeField):
        return MOMENT.astimezone(PARIS)
    if isinstance(field, DateField):
        return MOMENT.date()
    if isinstance(field, BooleanField):
        return number == FULL
    if field.field_type is bytes:
        return b"x"
    return str(number) if field.field_type is str or issubclass(field.field_type, StrEnum) else number


async def _write(model: type[Model], number: int, *, sparse: bool) -> Row:
    columns = _columns(model)
    values = {name: None if sparse and field.null else _value(field, number) for name, field in columns.items()}
    into = f"{model._meta.db_table} ({', '.join(values)})"
    (written,) = await rows(f"INSERT INTO {into} VALUES ({places(len(values))}) RETURNING *", *values.values())
    return written


def _check(model: type[Model], full: Row, sparse: Row) -> None:
    for name, field in _typed(model).items():
        case = f"{model.__name__}.{name}"
        assert full[name] == _value(field, FULL), case
        assert type(full[name]) is TYPES[type(field)], case
        assert not isinstance(full[name], datetime) or full[name].utcoffset() == timedelta(0), case
        assert sparse[name] == (None if field.null else _value(field, SPARSE)), case
        assert field.null or type(sparse[name]) is TYPES[type(field)], case


async def test_each_column_gives_what_it_is_declared_to_hold(database: Settings) -> None:
    """Of every table, from a full row and from one with nothing where nothing may be, by each way to read them."""
    if is_sqlite():
        await rows("PRAGMA foreign_keys = OFF")
        await rows("DROP TRIGGER ballot_form_cast")
    models = [model for model in Tortoise.apps["forum"].values() if _typed(model)]
    for model in models:
        table = model._meta.db_table
        async with transaction():
            if not is_sqlite():
                await rows("SET LOCAL session_replication_role = replica")
            full, sparse = await _write(model, FULL, sparse=False), await _write(model, SPARSE, sparse=True)
            _check(model, full, sparse)
            _check(model, *await rows(f"SELECT * FROM {table} ORDER BY id"))
        _check(model, *await rows(f"SELECT * FROM {table} ORDER BY id"))
        _check(model, *await rows(f"WITH one AS (SELECT * FROM {table}) SELECT one.* FROM one ORDER BY id"))
        _check(model, *await model.all().order_by("id").values(**{name: name for name in _typed(model)}))
    assert {type(field) for model in models for field in _typed(model).values()} == set(TYPES)


async def _link(number: int, expires: datetime) -> None:
    await rows(
        "INSERT INTO link (token_hash, purpose, subject, created_at, expires_at) VALUES ($1, 'reset', $2, $3, $3)",
        str(number),
        number,
        expires,
    )


async def test_an_expression_gives_what_its_statement_says(database: Settings) -> None:
    await _link(1, NOON)
    await _link(2, MOMENT)
    found = await row(
        """SELECT MAX(expires_at)::timestamptz AS last, (COUNT(*) > 1)::bool AS several, (COUNT(*) > 2)::bool AS many,
                  MIN(CASE WHEN subject > 9 THEN expires_at END)::timestamptz AS never FROM link"""
    )
    assert found is not None
    assert dict(found) == {"last": MOMENT, "several": True, "many": False, "never": None}
    assert type(found["several"]) is bool


async def test_moments_are_compared_and_ordered_by_the_database(database: Settings) -> None:
    """To the microsecond, from whatever zone they are written, by plain SQL or by a model."""
    moments = [NOON, MOMENT, NOON + timedelta(seconds=1), NOON + timedelta(hours=1)]
    for number, moment in enumerate(reversed(moments)):
        at = moment.astimezone(PARIS) if number % 2 else moment
        if number < 2:
            await _link(number, at)
        else:
            await Link.create(token_hash=str(number), purpose="reset", subject=1, created_at=at, expires_at=at)
    assert [one["expires_at"] for one in await rows("SELECT expires_at FROM link ORDER BY expires_at")] == moments
    later = await rows("SELECT expires_at FROM link WHERE expires_at > $1 ORDER BY expires_at", NOON.astimezone(PARIS))
    assert [one["expires_at"] for one in later] == moments[1:]
    assert await Link.filter(expires_at__lte=MOMENT.astimezone(PARIS)).count() == 2


@pytest.mark.sqlite_only
async def test_the_text_of_a_moment_stays_that_of_the_first_release(database: Settings) -> None:
    await _link(1, NOON.astimezone(PARIS))
    await _link(2, MOMENT)
    await Link.create(token_hash="3", purpose="reset", subject=3, created_at=NOON, expires_at=NOON.astimezone(PARIS))
    stored = [one["stored"] for one in await rows("SELECT CAST(expires_at AS TEXT) AS stored FROM link ORDER BY id")]
    noon = "2026-11-23 12:00:00+00:00"
    assert stored == [noon, "2026-11-23 12:00:00.000001+00:00", noon]
