"""One writer a table, by grant; a journal nobody can change; a schema that knows its version."""

from pathlib import Path

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from registry import clock, journal
from registry.database import Database, newest_revision
from registry.errors import Refusal
from registry.tables import WRITERS, Batch, Plan, Table

STAGES = [role.removeprefix("wurao_") for role in WRITERS]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_inserts_only_into_its_own_tables(database: Database, stage: str) -> None:
    with database.engine_for(stage).connect() as connection:
        for table in Table.metadata.sorted_tables:
            allowed = connection.execute(
                text("SELECT has_table_privilege(current_user, :table, 'INSERT')"),
                {"table": f'"{table.name}"'},
            ).scalar_one()
            assert allowed == (table.info["writer"] in (f"wurao_{stage}", "every stage")), table.name
            for verb in ("DELETE", "TRUNCATE"):
                assert not connection.execute(
                    text("SELECT has_table_privilege(current_user, :table, :verb)"),
                    {"table": f'"{table.name}"', "verb": verb},
                ).scalar_one(), (table.name, verb)


def test_a_foreign_stage_is_refused_by_the_database_itself(database: Database) -> None:
    row = {"dataset": "x", "file_name": "x", "sha256": "x", "received_at": clock.now(), "state": "loading"}
    with database.engine_for("ingest").begin() as connection:
        connection.execute(insert(Batch).values(**row))
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        database.engine_for("risk").begin() as connection,
    ):
        connection.execute(insert(Batch).values(**row))


def test_undeclared_columns_cannot_be_updated_even_by_the_writer(database: Database) -> None:
    with database.engine_for("schedule").begin() as connection:
        connection.execute(update(Plan).values(state="frozen"))
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        database.engine_for("schedule").begin() as connection,
    ):
        connection.execute(update(Plan).values(name="another"))


def test_the_journal_refuses_change_even_from_its_owner(database: Database) -> None:
    with database.engine_for("portal").begin() as connection:
        journal.append(connection, "张三", "sign_in", "account/1", {"from": "127.0.0.1"})
        journal.append(connection, "李四", "sign_in", "account/2", {"名": "值"})
    with database.owner().connect() as connection:
        assert list(journal.faults(connection)) == []
    for statement in ("UPDATE journal SET actor = 'x'", "DELETE FROM journal", "TRUNCATE journal"):
        with pytest.raises(DBAPIError, match="append-only"), database.owner().begin() as connection:
            connection.execute(text(statement))


def test_tampering_behind_the_trigger_is_named(database: Database) -> None:
    with database.engine_for("portal").begin() as connection:
        for number in range(5):
            journal.append(connection, "甲", "act", f"s/{number}", {"n": number})
    with database.owner().begin() as connection:
        connection.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE journal SET actor = '乙' WHERE number = 2"))
        connection.execute(text("DELETE FROM journal WHERE number = 4"))
        found = list(journal.faults(connection))
    assert any("第 2 号记录内容被改动" in fault for fault in found)
    assert any("第 4 号记录缺失" in fault for fault in found)


def test_a_stale_schema_is_refused_with_the_way_out(database: Database) -> None:
    database.refuse_stale_schema()
    with database.owner().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(Refusal, match="wurao db migrate"):
        database.refuse_stale_schema()


def test_migrations_form_one_line_numbered_by_their_files_names() -> None:
    """`newest_revision` reads names only; alembic reads the files."""
    from alembic.script import ScriptDirectory

    from registry.database import _alembic

    script = ScriptDirectory.from_config(_alembic())
    assert script.get_heads() == [newest_revision()]
    assert all(Path(found.path).name.startswith(f"{found.revision}_") for found in script.walk_revisions())


def test_the_tables_and_the_migrations_agree(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with database.owner().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
