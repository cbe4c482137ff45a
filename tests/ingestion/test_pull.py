"""A pull from end to end: what arrived is kept, the watermark waits for the load, secrets stay where they are."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from ingestion.arrivals import ingest_path
from ingestion.sources.definition import checked
from ingestion.sources.pull import Places, pull_source
from ingestion.sources.register import add_source, watermark_of
from registry import journal
from registry.database import Database
from registry.errors import Refusal
from registry.tables import Batch, Complaint, JournalRecord, Source, SourcePull
from tests.ingestion.papers import town_registration, write_csv
from tests.ingestion.test_interface import BY_NUMBER
from tests.ingestion.vendor import CLIENT_SECRET, STATIC, Vendor, complaint, failing, open_vendor

ROOT = Path(__file__).parents[2]
SEX, DATABASE_PASSWORD = "不该存下的性别", "view-pass-8841"


@pytest.fixture(scope="module")
def served() -> Iterator[Vendor]:
    with open_vendor() as vendor:
        yield vendor


@pytest.fixture
def vendor(served: Vendor) -> Vendor:
    served.__dict__.update(
        Vendor(records=[complaint(n, n) for n in range(25)], address=served.address).__dict__
    )
    return served


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A data folder with the vendor's secrets in it."""
    folder = tmp_path / "data"
    (folder / "secrets").mkdir(parents=True)
    for name, value in (("vendor", STATIC), ("client", CLIENT_SECRET)):
        (folder / "secrets" / name).write_text(value)
        (folder / "secrets" / name).chmod(0o600)
    return Places(folder, folder / "inbox")


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Database:
    """A town whose enterprises are known."""
    ingest_path(
        database.engine_for("ingest"), write_csv(tmp_path / "registration_t.csv", town_registration())
    )
    return database


def define(vendor: Vendor, **changes: Any) -> dict[str, Any]:
    return {
        "url": f"{vendor.address}/numbered", "records": "data.list", "key": ["投诉举报编号"], "paging": BY_NUMBER,
        "token": {"value": {"file": "vendor"}}, "wait_seconds": 0.01, "attempts": 2,
        "watermark": {"field": "数据更新时间", "parameter": "updatedSince", "overlap": 0}, **changes,
    }  # fmt: skip


def add(database: Database, http: dict[str, Any], name: str = "vendor") -> None:
    content = {"name": name, "dataset": "complaint", "http": http}
    add_source(database.engine_for("ingest"), checked(name, content), "张三", ROOT, replace=True)


def pull(database: Database, places: Places, **options: Any) -> Any:
    return pull_source(database.engine_for("ingest"), places, "vendor", "张三", **options)


def last(database: Database) -> dict[str, Any]:
    with database.owner().connect() as connection:
        wanted = select(SourcePull.__table__).order_by(SourcePull.id.desc()).limit(1)
        return dict(connection.execute(wanted).mappings().one())


def complaints(database: Database) -> int:
    with database.owner().connect() as connection:
        return int(connection.execute(select(func.count()).select_from(Complaint)).scalar_one())


def test_two_pulls_bring_in_each_record_once(town: Database, places: Places, vendor: Vendor) -> None:
    add(town, define(vendor))
    first = pull(town, places)
    assert (first.rows, first.watermark_before, first.watermark_after) == (25, None, "2026-03-02 09:24:00")
    vendor.records += [complaint(n, n) for n in range(25, 30)]
    second = pull(town, places)
    assert (second.rows, second.watermark_after) == (6, "2026-03-02 09:29:00")
    assert complaints(town) == 30
    third = pull(town, places)
    assert (third.rows, complaints(town)) == (1, 30)
    row = last(town)
    assert (row["state"], row["batches"], row["watermark_before"]) == (
        "done",
        [third.batches[0]],
        "2026-03-02 09:29:00",
    )


def test_what_arrived_is_kept_hashed_private_and_can_be_brought_in_again(
    town: Database, places: Places, vendor: Vendor
) -> None:
    for record in vendor.records:
        record |= {"性别": SEX, "extra": {"deep": [1, 2]}}
    vendor.records[3]["extra"] = None
    add(town, define(vendor, fields=[*complaint(1, 1)]))
    report = pull(town, places)
    row = last(town)
    arrival = places.data / row["arrival"]
    assert stat.S_IMODE(arrival.stat().st_mode) == 0o600
    assert len(row["sha256"]) == 64
    with town.owner().connect() as connection:
        assert (
            connection.execute(select(Batch.sha256).where(Batch.id == report.batches[0])).scalar_one()
            == row["sha256"]
        )
    lines = [json.loads(line) for line in arrival.read_text("utf-8").splitlines()]
    assert len(lines) == 25
    assert len({tuple(line) for line in lines}) == 1, "every line has every field in one order"
    assert SEX not in arrival.read_text("utf-8")
    (again,) = ingest_path(town.engine_for("ingest"), arrival, "complaint")
    assert (again.rows_new, again.rows_same) == (0, 25)
    assert sorted(path.name for path in arrival.parent.iterdir()) == [arrival.name]


@pytest.mark.parametrize("mood", [failing(404), failing(503)])
def test_a_failure_keeps_the_watermark_and_says_what_to_do(
    town: Database, places: Places, vendor: Vendor, mood: Any
) -> None:
    add(town, define(vendor))
    pull(town, places)
    before = complaints(town)
    vendor.records += [complaint(n, n) for n in range(25, 60)]
    vendor.moods = [lambda _: None, mood, mood]
    with pytest.raises(Refusal):
        pull(town, places)
    row = last(town)
    assert (row["state"], row["watermark_after"], row["arrival"]) == ("failed", None, None)
    assert "请" in row["sentence"]
    assert complaints(town) == before
    assert list((places.data / "pulls").rglob("*.part")) == []
    vendor.moods = []
    assert pull(town, places).watermark_before == "2026-03-02 09:24:00"
    assert complaints(town) == 60


def test_a_held_batch_keeps_the_watermark_and_the_arrival(
    town: Database, places: Places, vendor: Vendor
) -> None:
    for record in vendor.records:
        record["新加的列"] = "x"
    add(town, define(vendor))
    with pytest.raises(Refusal, match="不认识的列：新加的列"):
        pull(town, places)
    row = last(town)
    assert (row["state"], row["code"], row["watermark_after"], row["rows"]) == (
        "failed",
        "pull.not_loaded",
        None,
        25,
    )
    assert (places.data / row["arrival"]).is_file()
    with town.owner().connect() as connection:
        assert watermark_of(connection, row["source_id"]) is None


def test_of_two_versions_read_in_one_pull_the_later_is_kept(
    town: Database, places: Places, vendor: Vendor
) -> None:
    def moves(_: Any) -> None:
        vendor.records[0] = complaint(0, 59)

    vendor.moods = [lambda _: None, moves]
    add(town, define(vendor))
    assert pull(town, places).rows == 25
    assert complaints(town) == 25


def test_another_start_may_be_asked_for(town: Database, places: Places, vendor: Vendor) -> None:
    add(town, define(vendor))
    pull(town, places)
    assert pull(town, places, since="2026-03-02 09:20:00").rows == 5


def test_one_pull_of_a_source_at_a_time(town: Database, places: Places, vendor: Vendor) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def stops(_: Any) -> None:
        inside.set()
        go_on.wait(20)

    vendor.moods = [stops]
    add(town, define(vendor, timeout_seconds=30))
    first = threading.Thread(target=pull, args=(town, places))
    first.start()
    assert inside.wait(20)
    with pytest.raises(Refusal) as refused:
        pull(town, places)
    assert refused.value.code == "source.busy"
    go_on.set()
    first.join(30)
    assert last(town)["state"] == "done"
    assert pull(town, places).rows == 1


KILLED = """
import sys
from pathlib import Path
from ingestion.sources.pull import Places, pull_source
from registry.database import Database
data = Path(sys.argv[2])
pull_source(Database(sys.argv[1]).engine_for("ingest"), Places(data, data / "inbox"), "vendor", "worker")
"""


def test_a_pull_that_is_killed_begins_again_at_the_old_watermark(
    town: Database, places: Places, vendor: Vendor
) -> None:
    """Kill −9 in the middle of the pages: nothing is loaded, the lock is free, the next pull reads everything."""
    inside = threading.Event()

    def stops(_: Any) -> None:
        inside.set()
        time.sleep(30)

    add(town, define(vendor, timeout_seconds=60))
    vendor.moods = [lambda _: None, stops]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, town.url, str(places.data)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert inside.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert complaints(town) == 0
    report = pull(town, places)
    assert (report.watermark_before, report.rows, complaints(town)) == (None, 25, 25)
    with town.owner().connect() as connection:
        states = connection.execute(
            select(SourcePull.state, SourcePull.sentence).order_by(SourcePull.id)
        ).all()
    assert [state for state, _ in states] == ["interrupted", "done"]
    assert "从原处再取" in states[0].sentence


def test_no_secret_is_in_the_database_the_journal_the_files_or_the_sentences(
    town: Database,
    places: Places,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each kind of secret, in pulls that work and in pulls that fail while holding it."""
    monkeypatch.setenv("OTHER_PASSWORD", DATABASE_PASSWORD)
    token = {
        "url": f"{vendor.address}/oauth/token", "client_id": "wurao", "client_secret": {"file": "client"},
    }  # fmt: skip
    in_query = {"value": {"file": "vendor"}, "place": "query", "name": "ticket"}
    tries = [
        (define(vendor, token=token), []),
        (define(vendor, token=token), [failing(404)]),
        (define(vendor, token=in_query), [failing(503)] * 2),
        (define(vendor, token=in_query), [failing(302, location=f"https://x.example/?ticket={STATIC}")]),
        (define(vendor, token=in_query, url="http://127.0.0.1:1/x"), []),
        (define(vendor, headers={"X-App-Key": {"file": "vendor"}}), [lambda _: 1 / 0]),  # type: ignore[list-item, return-value]
    ]
    said = []
    for http, moods in tries:
        add(town, http)
        vendor.moods = list(moods)
        try:
            pull(town, places)
        except Refusal as refusal:
            said.append(str(refusal))
    assert len(said) == 4
    view = {"url": "postgresql://reader@127.0.0.1:1/d", "password": {"env": "OTHER_PASSWORD"}, "view": "v"}
    content = {"name": "view", "dataset": "penalty", "view": view}
    add_source(town.engine_for("ingest"), checked("view", content), "张三", ROOT)
    with pytest.raises(Refusal):
        pull_source(town.engine_for("ingest"), places, "view", "张三")

    secrets = [STATIC, CLIENT_SECRET, DATABASE_PASSWORD, *vendor.handed_out]
    assert len(vendor.handed_out) >= 2
    with town.owner().connect() as connection:
        whole = "".join(
            str(
                connection.execute(
                    text(f"SELECT string_agg(t::text, ' ') FROM {table.__tablename__} t")
                ).scalar_one()
            )
            for table in (Source, SourcePull, JournalRecord, Batch)
        )
        assert list(journal.faults(connection)) == []
    for path in places.data.rglob("*"):
        if path.is_file() and path.parent.name != "secrets":
            whole += path.read_text("utf-8")
    printed = capsys.readouterr()
    whole += "".join(said) + printed.out + printed.err
    assert "client_secret" in whole, "the definition itself was looked at"
    assert [secret for secret in secrets if secret in whole] == []


def test_every_act_leaves_one_journal_record(town: Database, places: Places, vendor: Vendor) -> None:
    add(town, define(vendor))
    pull(town, places)
    vendor.moods = [failing(404)]
    with pytest.raises(Refusal):
        pull(town, places)
    with town.owner().connect() as connection:
        wanted = select(JournalRecord.act).where(JournalRecord.subject == "source:vendor")
        acts = connection.execute(wanted.order_by(JournalRecord.number)).scalars().all()
    assert acts == ["source.added", "source.pulled", "source.pull_failed"]
