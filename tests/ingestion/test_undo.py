"""An undo is a later version: what stood before stands again, past answers stay, later files win."""

from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ingestion import standing
from ingestion.intake import ingest_file
from ingestion.undo import undo_batch
from registry import clock, journal
from registry.database import Database
from registry.errors import Refusal
from registry.facts import as_of
from registry.tables.complaint import Complaint
from registry.tables.enterprise import Enterprise, Premises
from tests.ingestion.conftest import Ingest, dump
from tests.ingestion.papers import INN, STRANGER, TEA, good, write_csv

WHY = {"reason": "报送了上月的旧表", "by": "王芳"}


@pytest.fixture
def role(database: Database) -> Engine:
    return database.engine_for("ingest")


def in_force(engine: Engine, table: type[Any], day: date | None = None) -> dict[str, Any]:
    with engine.connect() as connection:
        found = connection.execute(as_of(table, day or clock.today())).mappings()
        return {row["natural_key"]: row for row in found}


def test_a_first_batch_is_withdrawn_and_the_past_stays(town: Ingest, engine: Engine, role: Engine) -> None:
    report = town("complaint", [good("complaint"), good("complaint", 投诉举报编号="TS2")])
    before = in_force(engine, Complaint, date(2026, 10, 1))
    done = undo_batch(role, report.batch_id or 0, **WHY)
    assert (done.keys, done.written) == (2, {"complaint": 2})
    assert in_force(engine, Complaint) == {}
    assert in_force(engine, Complaint, date(2026, 10, 1)) == before, (
        "what was answered then is answered still"
    )
    with engine.connect() as connection:
        undo = connection.execute(text(f"SELECT * FROM batch WHERE id = {done.batch_id}")).mappings().one()
        act = connection.execute(text("SELECT * FROM journal ORDER BY number DESC LIMIT 1")).mappings().one()
        assert list(journal.faults(connection)) == []
    assert (undo["undoes"], undo["made_by"], undo["state"]) == (report.batch_id, "王芳", "loaded")
    assert undo["rows_read"] == undo["rows_valid"] == undo["rows_superseding"] + undo["rows_same"] == 2
    assert (act["act"], act["actor"]) == ("batch.undone", "王芳")
    assert act["detail"]["reason"] == WHY["reason"]


def test_the_earlier_content_stands_again_and_can_be_undone_again(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    town("complaint", [good("complaint", 涉及事项="短斤少两")])
    second = town("complaint", [good("complaint", 涉及事项="价格", 数据更新时间="2026-04-01")])
    undone = undo_batch(role, second.batch_id or 0, **WHY)
    assert in_force(engine, Complaint)["TS2026001"]["topic"] == "短斤少两"
    back = undo_batch(role, undone.batch_id, reason="撤销错了", by="李强")
    assert back.restored
    assert in_force(engine, Complaint)["TS2026001"]["topic"] == "价格"
    undo_batch(role, back.batch_id, reason="没有错", by="王芳")
    assert in_force(engine, Complaint)["TS2026001"]["topic"] == "短斤少两"


def test_later_batches_win_and_are_left_alone(town: Ingest, engine: Engine, role: Engine) -> None:
    first = town("complaint", [good("complaint", 涉及事项="甲"), good("complaint", 投诉举报编号="TS2")])
    town("complaint", [good("complaint", 涉及事项="乙", 数据更新时间="2026-05-01")])
    versions = dump(engine, "complaint")
    done = undo_batch(role, first.batch_id or 0, **WHY)
    assert (done.keys, done.written["complaint"]) == (2, 1)
    assert {key: row["topic"] for key, row in in_force(engine, Complaint).items()} == {"TS2026001": "乙"}
    assert [row for row in dump(engine, "complaint") if row in versions] == versions


def test_undoing_twice_and_what_cannot_be_undone_is_refused(
    town: Ingest, engine: Engine, role: Engine, tmp_path: Path
) -> None:
    report = town("complaint", [good("complaint")])
    undone = undo_batch(role, report.batch_id or 0, **WHY)
    with pytest.raises(Refusal, match=f"已由王芳撤销（第 {undone.batch_id} 批）"):
        undo_batch(role, report.batch_id or 0, **WHY)
    back = undo_batch(role, undone.batch_id, **WHY)
    again = undo_batch(role, report.batch_id or 0, **WHY)
    with pytest.raises(Refusal, match=f"第 {again.batch_id} 批"):
        undo_batch(role, back.batch_id, **WHY)
    for reason, by in (("", "王芳"), ("错了", " "), ("字" * 501, "王芳")):
        with pytest.raises(Refusal):
            undo_batch(role, again.batch_id, reason, by)
    with pytest.raises(Refusal, match="没有第 999999 批"):
        undo_batch(role, 999999, **WHY)
    held = town("complaint", [{"什么": "1"}])
    with pytest.raises(Refusal, match="没有归集任何一行"):
        undo_batch(role, held.batch_id or 0, **WHY)
    with engine.begin() as connection:
        connection.execute(text("UPDATE batch SET state = 'loading' WHERE id = :id"), {"id": held.batch_id})
    with pytest.raises(Refusal, match="还在处理"):
        undo_batch(role, held.batch_id or 0, **WHY)


def test_the_same_file_again_is_held_and_says_so(
    town: Ingest, engine: Engine, role: Engine, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "complaint_wrong.csv", [good("complaint")])
    report = ingest_file(role, path)
    undone = undo_batch(role, report.batch_id or 0, **WHY)
    again = ingest_file(role, path)
    assert again.state == "held"
    assert f"请撤销第 {undone.batch_id} 批来恢复" in again.sentence
    assert "报送了上月的旧表" in again.sentence
    undo_batch(role, undone.batch_id, **WHY)
    assert ingest_file(role, path).rows_same == 1


def test_a_corrected_file_is_let_in_even_where_it_says_what_was_undone(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    """Its rows carry the same earlier time of knowledge as the undone ones; they must not stay hidden."""
    wrong = [good("complaint"), good("complaint", 投诉举报编号="TS2", 涉及事项="错")]
    report = town("complaint", wrong)
    undo_batch(role, report.batch_id or 0, **WHY)
    right = town("complaint", [wrong[0], {**wrong[1], "涉及事项": "对"}])
    assert (right.rows_new, right.rows_same) == (2, 0)
    found = in_force(engine, Complaint)
    assert {key: row["topic"] for key, row in found.items()} == {"TS2026001": "短斤少两", "TS2": "对"}


def test_registration_takes_its_premises_and_aliases_along(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    new = good(
        "registration",
        统一社会信用代码=STRANGER,
        企业名称="安和市新来酒楼有限公司",
        曾用名="安和市老来酒楼",
        生产经营地="渡口 2 号",
    )
    renamed = good(
        "registration",
        统一社会信用代码=INN,
        企业名称="安和市云归客栈有限公司",
        数据更新时间="2026-06-01",
        曾用名="",
    )
    report = town("registration", [new, renamed])
    nameless = {**good("complaint", 统一社会信用代码=""), "企业名称": ""}
    rows = [
        {**nameless, "投诉举报编号": str(n), "企业名称": name}
        for n, name in enumerate(["安和市老来酒楼", "安和市云归客栈有限公司", "安和市云来客栈有限公司"])
    ]
    rows.append({**nameless, "投诉举报编号": "3", "统一社会信用代码": STRANGER})
    assert town("complaint", rows).rows_valid == 4
    undone = undo_batch(role, report.batch_id or 0, **WHY)
    assert STRANGER not in in_force(engine, Enterprise)
    assert in_force(engine, Enterprise)[INN]["entname"] == "安和市云来客栈有限公司"
    assert not [key for key in in_force(engine, Premises) if key.startswith(STRANGER)]
    later = [{**row, "投诉举报编号": f"later {n}"} for n, row in enumerate(rows)]
    assert town("complaint", later).fault_counts == {"unmatched": 3}, "only the older name still identifies"
    undo_batch(role, undone.batch_id, **WHY)
    assert town("complaint", later).rows_valid == 4
    assert len([key for key in in_force(engine, Premises) if key.startswith(STRANGER)]) == 2


def test_an_alias_that_a_later_batch_says_again_identifies_again(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    new = good("registration", 统一社会信用代码=STRANGER, 企业名称="安和市新来酒楼有限公司", 曾用名="")
    first = town("registration", [new])
    undo_batch(role, first.batch_id or 0, **WHY)
    second = town("registration", [new, good("registration")])
    assert second.rows_new == 1
    assert town("complaint", [good("complaint", 统一社会信用代码=STRANGER)]).rows_valid == 1
    undo_batch(role, second.batch_id or 0, **WHY)
    assert (
        town("complaint", [good("complaint", 统一社会信用代码=STRANGER, 投诉举报编号="x")]).rows_faulty == 1
    )
    assert in_force(engine, Enterprise)[TEA], "the older batch had said it before"


@pytest.mark.parametrize("killed_after", [0, 1, 3])
def test_a_killed_undo_goes_on(
    town: Ingest, engine: Engine, role: Engine, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    rows = [good("complaint", 投诉举报编号=f"k{n}") for n in range(100)]
    report = town("complaint", rows)
    monkeypatch.setattr(standing, "CHUNK_KEYS", 20)
    left = killed_after

    def dies(what: str, part: float) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1

    with pytest.raises(KeyboardInterrupt):
        undo_batch(role, report.batch_id or 0, **WHY, progress=dies)
    assert 0 < len(in_force(engine, Complaint)) < 100
    done = undo_batch(role, report.batch_id or 0, **WHY)
    assert done.written == {"complaint": 100}
    assert in_force(engine, Complaint) == {}
    with engine.connect() as connection:
        counted = text("SELECT count(*), count(DISTINCT natural_key) FROM complaint WHERE retracted")
        assert connection.execute(counted).one() == (100, 100)
        undos = text("SELECT count(*) FROM batch WHERE undoes IS NOT NULL")
        assert connection.execute(undos).scalar() == 1


def test_files_that_said_the_same_are_named(town: Ingest, role: Engine) -> None:
    """A row that says nothing new is not kept twice: the undo says so, and the file brings it back."""
    rows = [good("complaint"), good("complaint", 投诉举报编号="TS2")]
    first = town("complaint", rows)
    second = town("complaint", [*rows, good("complaint", 投诉举报编号="TS3")])
    done = undo_batch(role, first.batch_id or 0, **WHY)
    assert done.same_since == ((second.batch_id, 2),)
    assert "请重新报送那些文件" in done.sentence
    assert town("complaint", [*rows, good("complaint", 投诉举报编号="TS3")]).rows_new == 2


DAYS = [datetime(2026, 3, day) for day in (1, 2, 3, 4)]
row = st.tuples(
    st.sampled_from("abc"),
    st.integers(0, 3),
    st.sampled_from(["甲", "乙", "丙"]),
    st.sampled_from([False, False, True]),
)
files = st.lists(row, min_size=1, max_size=5, unique_by=lambda r: r[:2])
steps = st.lists(st.one_of(files, st.integers(0, 9)), min_size=2, max_size=9)
example = count()


class Model:
    """Every version that a file wrote; a file counts unless it is undone."""

    def __init__(self) -> None:
        self.versions: list[tuple[int, tuple[str, int, str, bool]]] = []
        self.undone: set[int] = set()

    def bring(self, batch: int, rows: list[tuple[str, int, str, bool]]) -> None:
        standing = {row for number, row in self.versions if number not in self.undone}
        self.versions += [(batch, row) for row in sorted(rows) if row not in standing]

    def turn(self, batch: int) -> None:
        self.undone ^= {batch}

    def now(self) -> dict[str, str]:
        return self._last([row for number, row in self.versions if number not in self.undone])

    def as_of(self, day: int) -> dict[str, str]:
        return self._last([row for _, row in self.versions if row[1] <= day])

    @staticmethod
    def _last(rows: list[tuple[str, int, str, bool]]) -> dict[str, str]:
        ordered = sorted(enumerate(rows), key=lambda entry: (entry[1][1], entry[0]))
        last = {row[0]: row for _, row in ordered}
        return {key: row[2] for key, row in last.items() if not row[3]}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_any_sequence_of_batches_and_undos_equals_the_model(
    one_town: Ingest, one_database: Database, turns: list[Any]
) -> None:
    engine, own = one_database.owner(), f"h{next(example)}-"
    model, acts, serial = Model(), [], count()

    def shown(day: date | None = None) -> dict[str, str]:
        found = in_force(engine, Complaint, day)
        return {key.removeprefix(own): row["topic"] for key, row in found.items() if key.startswith(own)}

    for turn in turns:
        if isinstance(turn, list):
            papers = [
                good("complaint", 投诉举报编号=f"{own}{key}", 涉及事项=topic, 数据更新时间=f"{DAYS[day]:%Y-%m-%d}",
                     数据状态="撤销" if gone else "正常", 办结日期="", 是否属实="")
                for key, day, topic, gone in turn
            ]  # fmt: skip
            papers.append(
                good("complaint", 投诉举报编号=f"file {own}{next(serial)}")
            )  # no two files are equal
            report = one_town("complaint", papers)
            assert report.rows_faulty == 0, report.faults
            model.bring(report.batch_id or 0, turn)
            acts.append((report.batch_id, report.batch_id))
        elif acts:
            place = turn % len(acts)
            file, last = acts[place]
            done = undo_batch(one_database.engine_for("ingest"), last or 0, **WHY)
            model.turn(file or 0)
            acts[place] = (file, file if done.restored else done.batch_id)
        assert shown() == model.now()
        for day, moment in enumerate(DAYS):
            assert shown(moment.date()) == model.as_of(day)
