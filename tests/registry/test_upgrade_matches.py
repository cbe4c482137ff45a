"""Migration 0004 on a database with enterprises in it: whose an alias is, and its form without brackets."""

from alembic import command
from sqlalchemy import text

from registry.database import Database, _alembic
from registry.postgres import EmbeddedServer
from tests.conftest import _administer

ALIASES = [
    ("name", "安和市(河东)茶行", "E1", "2026-01-01"),
    ("name", "安和市河东茶行", "E1", "2026-02-01"),
    ("name", "茶行【老店】", "E2", "2026-02-01"),
    ("uniscid", "E1", "E1", "2026-01-01"),
    ("name", "无登记", "E3", "2026-01-01"),
]


def test_aliases_get_their_batch_and_lose_their_brackets(server: EmbeddedServer, template: str) -> None:
    name = f"{template}_upgrade"
    _administer(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    database = Database(server.url_of(name))
    configuration = _alembic()
    with database.owner().begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0003")
        _two_registrations(connection)
    with database.owner().begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        found = connection.execute(text("SELECT alias, batch_id FROM enterprise_alias ORDER BY id")).all()
    database.close()
    _administer(server, f"DROP DATABASE {name}")
    assert [tuple(row) for row in found] == [
        ("安和市(河东)茶行", 1), ("安和市河东茶行", 2), ("茶行老店", 2), ("E1", 1), ("无登记", None),
    ]  # fmt: skip


def _two_registrations(connection: object) -> None:
    execute = connection.execute  # type: ignore[attr-defined]
    types = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'enterprise' AND is_nullable = 'NO'"
    blank = {"text": "''", "character varying": "''", "boolean": "false", "integer": "1"}
    columns = {
        row.column_name: blank.get(row.data_type) for row in execute(text(types)) if row.column_name != "id"
    }
    for code, batch, known in (("E1", 1, "2026-01-01"), ("E1", 2, "2026-02-01"), ("E2", 2, "2026-03-01")):
        values = columns | {"enterprise_code": f"'{code}'", "batch_id": str(batch), "known_at": f"'{known}'"}
        assert None not in values.values(), values
        execute(
            text(
                f"INSERT INTO enterprise ({', '.join(values)}) VALUES ({', '.join(map(str, values.values()))})"
            )
        )
    for alias in ALIASES:
        execute(
            text(
                "INSERT INTO enterprise_alias (kind, alias, enterprise_code, known_at) VALUES (:a, :b, :c, :d)"
            ),
            dict(zip("abcd", alias, strict=True)),
        )
