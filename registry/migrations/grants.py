"""One writer a table, enforced by grants: who may INSERT and UPDATE what, read from the tables' own declarations."""

from sqlalchemy import Connection, inspect, text

from registry.tables import WRITERS, Table

FREEZE_JOURNAL = """
CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is append-only';
END $$;
CREATE OR REPLACE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change();
"""


MADE_ONCE = """
DO $$ BEGIN {act};
EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN NULL;
END $$
"""
"""`internal_error` is what PostgreSQL says when two sessions grant the same membership: tuple concurrently updated."""


def create_roles(connection: Connection) -> None:
    """Make the stages' roles where they are missing, and let the schema's owner act in each.

    Roles belong to the whole server: another database of it may be making the same ones at this moment, and no
    advisory lock reaches across databases. Whoever comes second finds them there.
    """
    for role in WRITERS:
        known = connection.execute(
            text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
        ).first()
        if not known:
            connection.execute(text(MADE_ONCE.format(act=f"CREATE ROLE {role} NOLOGIN")))
        connection.execute(text(MADE_ONCE.format(act=f"GRANT {role} TO CURRENT_USER")))


def grant_one_writer(connection: Connection) -> None:
    """Everybody reads; each table's writer appends, and updates only the columns it declared.

    Tables and columns that a later migration adds are left to it: it calls this again.
    """
    present = {name: _columns(connection, name) for name in inspect(connection).get_table_names()}
    everybody = ", ".join(WRITERS)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {everybody}"))
    connection.execute(text(f'GRANT TEMPORARY ON DATABASE "{connection.engine.url.database}" TO {everybody}'))
    for table in (table for table in Table.metadata.sorted_tables if table.name in present):
        writer = everybody if table.info["writer"] == "every stage" else table.info["writer"]
        connection.execute(text(f'REVOKE ALL ON "{table.name}" FROM {everybody}'))
        connection.execute(text(f'GRANT SELECT ON "{table.name}" TO {everybody}'))
        connection.execute(text(f'GRANT INSERT ON "{table.name}" TO {writer}'))
        changes = [name for name in table.info["changes"] if name in present[table.name]]
        if changes:
            columns = ", ".join(f'"{name}"' for name in changes)
            connection.execute(text(f'GRANT UPDATE ({columns}) ON "{table.name}" TO {writer}'))
    connection.execute(text(FREEZE_JOURNAL))


def _columns(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}
