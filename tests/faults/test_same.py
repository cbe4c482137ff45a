"""C-2, long form: every dataset arriving shuffled in pieces of every format, and a whole city's files again and again."""

import csv
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ingestion.city import write_city
from ingestion.datasets import DATASETS
from ingestion.intake import ingest_file, ingest_folder
from registry.postgres import EmbeddedServer
from tests.conftest import make_database
from tests.faults.bulk import in_pieces, several
from tests.faults.formats import FORMATS, write_jsonl, write_xlsx
from tests.faults.importing import checksum, states
from tests.faults.towns import Trial, settled_town
from tests.ingestion.papers import write_csv

AS_OF = date(2026, 9, 30)


@pytest.fixture(scope="module")
def trial(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial:
        yield trial


@pytest.mark.parametrize("dataset", list(DATASETS))
def test_a_dataset_that_arrives_shuffled_in_pieces_first(trial: Trial, tmp_path: Path, dataset: str) -> None:
    """What seven shuffled pieces in seven formats leave is what the whole file leaves, at every instant."""
    rows = several(dataset)
    with trial() as database:
        ingest_file(database.engine_for("ingest"), write_csv(tmp_path / f"{dataset}_whole.csv", rows))
        golden = states(database.owner())
    shuffled = random.Random(dataset).sample(rows, len(rows))
    with trial() as database:
        pieces = zip(in_pieces(shuffled, 7), FORMATS.items(), strict=True)
        for number, (piece, (suffix, write)) in enumerate(pieces):
            path = write(tmp_path / f"{dataset}_{number}.{suffix}", piece)
            report = ingest_file(database.engine_for("ingest"), path)
            assert (report.state, report.rows_faulty) == ("loaded", 0), report
        assert states(database.owner()) == golden


def test_a_city_again_renamed_shuffled_and_in_pieces(
    server: EmbeddedServer, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WURAO_TODAY", AS_OF.isoformat())
    manifest = write_city(tmp_path / "city", seed=31, enterprises=3_000, as_of=AS_OF)
    other = tmp_path / "other"
    other.mkdir()
    for number, path in enumerate(sorted(manifest.files_folder.iterdir())):
        _write_again(path, other, number)
    with make_database(server, template) as database:
        role = database.engine_for("ingest")
        ingest_folder(role, manifest.files_folder)
        golden = _without_faults(checksum(database.owner()))
        assert sum(rows for rows, _ in golden.values()) > 30_000
        for folder in (manifest.files_folder, other):
            again = ingest_folder(role, folder)
            assert {report.state for report in again} == {"loaded"}
            assert sum(report.rows_new + report.rows_superseding for report in again) == 0
            assert _without_faults(checksum(database.owner())) == golden


def _without_faults(sums: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    return {table: found for table, found in sums.items() if table != "row_fault"}


def _write_again(path: Path, folder: Path, number: int) -> None:
    """A city's file under another name, shuffled, in seven pieces, every third file in another format."""
    if path.suffix == ".xlsx":
        (folder / f"{path.stem}-neu.xlsx").write_bytes(path.read_bytes())
        return
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    else:
        encoding = "utf-8-sig" if path.read_bytes().startswith(b"\xef\xbb\xbf") else "gb18030"
        with path.open(encoding=encoding, newline="") as file:
            rows = list(csv.DictReader(file))
    random.Random(path.name).shuffle(rows)
    for piece, some in enumerate(in_pieces(rows, 7)):
        if some:
            stem = folder / f"{path.stem}-{piece}"
            if number % 3 == 0:
                write_jsonl(stem.with_suffix(".jsonl"), some)
            elif number % 3 == 1:
                write_xlsx(stem.with_suffix(".xlsx"), some)
            else:
                write_csv(stem.with_suffix(".csv"), some, "gb18030")
