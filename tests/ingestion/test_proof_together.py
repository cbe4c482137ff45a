"""C-1, two importers at once, and a registry that changes between a killed import and its restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.postgres import EmbeddedServer
from tests.faults.bulk import CODE, TOWN, in_pieces, penalties, registrations
from tests.faults.codes import credit_code
from tests.faults.importing import (
    KILLED,
    checksum,
    forked,
    ledgers,
    nothing_left_behind,
    run_forked,
    states,
    wait_until,
)
from tests.faults.towns import Trial, settled_town
from tests.ingestion.papers import good, write_csv


@pytest.fixture(scope="module")
def trial(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial:
        yield trial


@pytest.mark.parametrize(
    ("dataset", "rows"), [("penalty", penalties(300)), ("registration", registrations(300))]
)
def test_two_importers_of_the_same_file(
    trial: Trial, tmp_path: Path, dataset: str, rows: list[dict[str, str]]
) -> None:
    path = write_csv(tmp_path / f"{dataset}_same.csv", rows)
    with trial() as database:
        assert run_forked(database.url, path) == 0
        alone, ledger = checksum(database.owner()), ledgers(database.owner(), path.name)
    with trial() as database:
        both = [forked(database.url, path, chunk_rows=50) for _ in range(2)]
        for importer in both:
            importer.join(60)
        assert [importer.exitcode for importer in both] == [0, 0]
        first, second = ledgers(database.owner(), path.name)
        together = checksum(database.owner())
    assert first == ledger[0]
    assert (second["rows_new"], second["rows_superseding"], second["rows_same"]) == (
        0,
        0,
        first["rows_valid"],
    )
    for sums in (alone, together):
        del sums["row_fault"]  # each delivery has its own faults
    assert together == alone


@pytest.mark.parametrize(
    ("dataset", "rows"), [("penalty", penalties(300)), ("registration", registrations(300))]
)
def test_two_importers_of_different_files_of_one_dataset(
    trial: Trial, tmp_path: Path, dataset: str, rows: list[dict[str, str]]
) -> None:
    """Records in one file, their corrections and withdrawals in the other: the versions of a key meet. Which of two equal
    rows is the version and which the confirmation depends on who came first; what was true when does not."""
    rows = [row for n, row in enumerate(rows) if n % 100 != 99]
    paths = [write_csv(tmp_path / f"{dataset}_{n}.csv", piece) for n, piece in enumerate(in_pieces(rows, 2))]
    with trial() as database:
        assert [run_forked(database.url, path) for path in paths] == [0, 0]
        in_turn = states(database.owner())
    with trial() as database:
        both = [forked(database.url, path, chunk_rows=20) for path in paths]
        for importer in both:
            importer.join(60)
        assert [importer.exitcode for importer in both] == [0, 0], "deadlock or refusal"
        assert states(database.owner()) == in_turn


def test_the_second_importer_takes_over_when_the_first_is_killed(trial: Trial, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "penalty_two.csv", penalties(300))
    with trial() as database:
        assert run_forked(database.url, path) == 0
        alone, ledger = checksum(database.owner()), ledgers(database.owner(), path.name)
    with trial() as database:
        dies = forked(database.url, path, "load.after_chunk_commit:2", chunk_rows=50)
        assert wait_until(lambda: bool(ledgers(database.owner(), path.name))), "the first never began"
        lives = forked(database.url, path, chunk_rows=50)
        for importer in (dies, lives):
            importer.join(60)
        assert (dies.exitcode, lives.exitcode) == (KILLED, 0)
        nothing_left_behind(database)
        assert ledgers(database.owner(), path.name) == ledger
        assert checksum(database.owner()) == alone


@pytest.mark.parametrize(
    "point", ["intake.after_staging", "load.after_chunk_commit:1", "load.after_chunk_commit:3"]
)
def test_the_registry_changes_between_the_kill_and_the_restart(
    trial: Trial, tmp_path: Path, point: str
) -> None:
    """Enterprises that were unknown when the import was killed have been registered when it goes on: every row is a
    fact or a fault, once, and the ledger says so."""
    many, strangers = 300, [credit_code(n) for n in range(60)]
    rows = [
        good("penalty", 行政处罚决定书文号=f"{n}号", **{CODE: strangers[n // 5] if n % 5 == 0 else TOWN[0]})
        for n in range(many)
    ]
    path = write_csv(tmp_path / "penalty_between.csv", rows)
    newcomers = write_csv(
        tmp_path / "registration_between.csv",
        [good("registration", 统一社会信用代码=code, 企业名称=code, 曾用名="") for code in strangers],
    )
    with trial() as database:
        assert run_forked(database.url, path, point, chunk_rows=50) == KILLED
        assert run_forked(database.url, newcomers) == 0
        assert run_forked(database.url, path, chunk_rows=50) == 0
        with database.owner().connect() as connection:
            facts = connection.execute(text("SELECT row_no FROM penalty")).scalars().all()
            faults = connection.execute(text("SELECT row_no FROM row_fault")).scalars().all()
        (batch,) = ledgers(database.owner(), path.name)
    assert sorted([*facts, *faults]) == list(range(2, many + 2)), "lost or doubled rows"
    assert (batch["rows_read"], batch["rows_new"], batch["rows_faulty"]) == (many, len(facts), len(faults))
