"""A database with years of facts upgrades in place: nothing is lost, what is new is empty, the writer may go on."""

from alembic import command
from sqlalchemy import insert, select, text

from registry.database import Database, _alembic
from registry.postgres import EmbeddedServer
from registry.tables import Penalty, Permit
from tests.conftest import _administer, _one_at_a_time

PENALTY = """
INSERT INTO penalty (natural_key, content_hash, known_at, batch_id, row_no, enterprise_code, cf_wsh, cf_wfxw, cf_sy,
  cf_yj, cf_cflb, cf_nr, cf_jdrq, cf_cfjg, department)
VALUES ('k', 'h', '2024-05-06', 1, 1, '91990101MA5LG2AL3F', '1号', '甲', '乙', '丙', '罚款', '丁', '2024-05-01', '局', '市场监管')"""
PERMIT = """
INSERT INTO permit (natural_key, content_hash, known_at, batch_id, row_no, enterprise_code, xk_wsh, xk_xkws, xk_xklb,
  xk_nr, xk_jdrq, xk_yxqz, xk_xkjg, xk_zt)
VALUES ('k', 'h', '2024-05-06', 1, 1, '91990101MA5LG2AL3F', '1号', '书', '普通', '丙', '2024-05-01', '2024-05-01', '局', '1')"""


def test_facts_of_the_first_schema_survive_every_migration(server: EmbeddedServer, template: str) -> None:
    name = f"{template}_upgrade"
    _administer(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    database = Database(server.url_of(name))
    try:
        with _one_at_a_time(server), database.owner().begin() as connection:
            configuration = _alembic()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "0001")
            connection.execute(text(PENALTY))
            connection.execute(text(PERMIT))
        with _one_at_a_time(server):
            database.migrate()
        database.refuse_stale_schema()
        with database.engine_for("ingest").begin() as connection:
            penalty = connection.execute(select(Penalty.__table__)).mappings().one()
            permit = connection.execute(select(Permit.__table__)).mappings().one()
            assert (penalty["cf_wfxw"], penalty["sanctions"], penalty["layout"]) == ("甲", None, None)
            assert (permit["xk_xkws"], permit["counterpart"], permit["xk_zt"]) == ("书", None, "1")
            later = {key: value for key, value in penalty.items() if key != "id"} | {
                "row_no": 2,
                "cf_wfxw": None,
            }
            connection.execute(insert(Penalty.__table__).values(later))
    finally:
        database.close()
        _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
