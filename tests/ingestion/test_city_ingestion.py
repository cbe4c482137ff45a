"""The city's files through the real ingestion: exactly the dirty rows that the manifest states become faults."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pytest
from sqlalchemy import Engine, func, select

from ingestion.city import CityManifest, write_city
from ingestion.intake import ingest_folder
from ingestion.ledger import BatchReport
from registry.facts import as_of
from registry.postgres import EmbeddedServer
from registry.tables.enterprise import Enterprise
from registry.tables.inspection import InspectionResult
from risk.indicators import features
from tests.conftest import make_database

AS_OF = date(2026, 9, 30)


class Ingested(NamedTuple):
    """A city in a database."""

    engine: Engine
    manifest: CityManifest
    reports: list[BatchReport]


@pytest.fixture(scope="module")
def ingested(
    server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ingested]:
    manifest = write_city(tmp_path_factory.mktemp("city"), seed=12, enterprises=2_000, as_of=AS_OF)
    with pytest.MonkeyPatch.context() as patch, make_database(server, template) as database:
        patch.setenv("WURAO_TODAY", AS_OF.isoformat())
        reports = ingest_folder(database.engine_for("ingest"), manifest.files_folder)
        yield Ingested(database.owner(), manifest, reports)


def test_every_file_is_loaded_and_every_row_read(ingested: Ingested) -> None:
    assert {r.file_name: r.state for r in ingested.reports} == {
        f.name: "loaded" for f in ingested.manifest.files
    }
    assert {r.file_name: r.rows_read for r in ingested.reports} == {
        f.name: f.rows for f in ingested.manifest.files
    }


def test_only_the_stated_rows_are_faults(ingested: Ingested) -> None:
    faulty = Counter[str]()
    for report in ingested.reports:
        faulty[report.dataset] += report.rows_faulty
    stated = Counter[str]()
    for kind in ingested.manifest.dirty:
        stated[kind.dataset] += kind.rows if kind.effect == "rejected" else 0
    assert +faulty == +stated


def test_every_enterprise_arrives_once(ingested: Ingested) -> None:
    with ingested.engine.connect() as connection:
        known = as_of(Enterprise, AS_OF).subquery()
        count = connection.execute(select(func.count()).select_from(known)).scalar_one()
    assert count == ingested.manifest.enterprises


def test_the_past_is_as_it_was_known_then(ingested: Ingested) -> None:
    with ingested.engine.connect() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(as_of(table, day).subquery())).scalar_one()
            for table in (Enterprise, InspectionResult)
            for day in (date(2022, 9, 30), date(2024, 9, 30), AS_OF)
        ]
    assert 0 < counts[0] < counts[1] < counts[2]
    assert 0 < counts[3] < counts[4] < counts[5]


NOTHING_SAID = {
    "insp_last_measure": "no office of the city gives scores",
    "insp_mean_measure": "no office of the city gives scores",
    "insp_worst_measure": "no office of the city gives scores",
    "insp_recent_measure": "no office of the city gives scores",
    "brand_mean_measure": "no office of the city gives scores",
    "lic_invalid_cnt": "its permits expire or are revoked as a penalty; none is sent as 无效",
    "waiver_cnt": "waivers are decided at the portal, not sent in a file",
}
"""Indicators with one value for everybody in this city, and why."""


def test_indicators_tell_the_citys_enterprises_apart(ingested: Ingested) -> None:
    """The city sends data for every table that grading reads; what is constant on it is stated, no more and no less."""
    with ingested.engine.connect() as connection:
        frame = features(connection, AS_OF, "990100")
    constant = {
        n for n, values in zip(frame.names, frame.matrix.T, strict=True) if len(np.unique(values)) == 1
    }
    assert constant == NOTHING_SAID.keys()
