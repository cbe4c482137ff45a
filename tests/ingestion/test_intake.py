"""C-2 and C-6: the same facts, however often, in whatever order and pieces they arrive."""

import random
from datetime import date, datetime
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ingestion import intake
from ingestion.intake import ingest_file, ingest_folder
from registry import journal
from registry.database import Database
from registry.errors import Refusal
from registry.facts import as_of
from registry.tables.penalty import Penalty
from tests.conftest import make_database
from tests.ingestion.conftest import Ingest, dump_all
from tests.ingestion.papers import INN, TEA, good, town_registration, write_csv


def penalties(many: int = 70) -> list[dict[str, str]]:
    """Decisions of many numbers, every third corrected later, every seventh withdrawn."""
    rows = [good("penalty", 行政处罚决定书文号=f"安市监罚〔2026〕{n}号") for n in range(many)]
    later = [{**row, "罚款金额(万元)": "0.9", "数据更新时间": "2026-04-01"} for row in rows[::3]]
    gone = [{**row, "数据状态": "撤销", "数据更新时间": "2026-05-01"} for row in rows[::7]]
    return rows + later + gone


def test_same_file_twice_renamed_shuffled_or_split_changes_nothing(town: Ingest, engine: Engine) -> None:
    rows = penalties()
    first = town("penalty", rows)
    assert (first.rows_read, first.rows_new, first.rows_faulty) == (len(rows), 70, 0)
    before = dump_all(engine)

    shuffled = rows.copy()
    random.Random(1).shuffle(shuffled)
    again = [town("penalty", rows), town("penalty", shuffled)]  # the second time under another file name
    again += [town("penalty", shuffled[piece::7]) for piece in range(7)]

    assert [report.rows_new + report.rows_superseding for report in again] == [0] * 9
    assert dump_all(engine) == before


def test_shuffled_first_gives_the_same_tables(
    town: Ingest, engine: Engine, server: object, template: str, tmp_path: Path
) -> None:
    rows = penalties()
    town("penalty", rows)
    random.Random(2).shuffle(rows)
    with make_database(server, template) as other:  # type: ignore[arg-type]
        role = other.engine_for("ingest")
        for dataset, papers in (
            ("office", [good("office")]), ("check_item", [good("check_item")]),
            ("registration", town_registration()[::-1]), ("penalty", rows),
        ):  # fmt: skip
            ingest_file(role, write_csv(tmp_path / f"{dataset}_other.csv", papers))
        assert dump_all(other.owner()) == dump_all(engine)


def test_order_of_arrival_does_not_matter(town: Ingest, engine: Engine) -> None:
    """Original, correction, withdrawal and reinstatement with four known times, in all 24 orders."""
    original = good("penalty")
    versions = [
        original,
        {**original, "罚款金额(万元)": "0.9", "数据更新时间": "2026-04-01"},
        {**original, "数据状态": "撤销", "数据更新时间": "2026-05-01"},
        {**original, "数据状态": "恢复", "数据更新时间": "2026-06-01"},
    ]
    orders = list(permutations(range(4)))
    for turn in range(4):
        town(
            "penalty",
            [{**versions[order[turn]], "行政处罚决定书文号": f"{n}号"} for n, order in enumerate(orders)],
        )
    ends = set()
    with engine.connect() as connection:
        for number in range(len(orders)):
            found = connection.execute(
                text(
                    "SELECT known_at, cf_nr_fk, retracted FROM penalty WHERE cf_wsh = :no ORDER BY known_at, id"
                ),
                {"no": f"{number}号"},
            ).all()
            ends.add(tuple(map(tuple, found)))
    assert len(ends) == 1
    assert [row[2] for row in ends.pop()] == [False, False, True, False]


def test_a_withdrawal_before_its_original_still_withdraws(town: Ingest, engine: Engine) -> None:
    town("penalty", [good("penalty", 数据状态="撤销", 数据更新时间="2026-05-01")])
    town("penalty", [good("penalty")])
    with engine.connect() as connection:
        assert len(connection.execute(as_of(Penalty, date(2026, 4, 1))).all()) == 1
        assert connection.execute(as_of(Penalty, date(2026, 5, 1))).all() == []


def test_a_snapshot_that_says_the_same_later_is_no_new_version(town: Ingest, engine: Engine) -> None:
    same = town("registration", [good("registration", 数据更新时间="2026-06-01")])
    moved = town("registration", [good("registration", 住所="安和市河西区 2 号", 数据更新时间="2026-07-01")])
    assert (same.rows_same, moved.rows_superseding) == (1, 1)
    with engine.connect() as connection:
        assert (
            connection.execute(
                text(f"SELECT count(*) FROM enterprise WHERE enterprise_code = '{TEA}'")
            ).scalar()
            == 2
        )


def test_without_a_time_in_the_file_the_time_of_receipt_counts(town: Ingest, engine: Engine) -> None:
    row = {heading: cell for heading, cell in good("penalty").items() if heading != "数据更新时间"}
    first = town("penalty", [row], received_at=datetime(2026, 3, 3, 8))
    again = town("penalty", [row], received_at=datetime(2026, 3, 9, 8))
    changed = town("penalty", [{**row, "处罚内容": "罚款五千元"}], received_at=datetime(2026, 3, 10, 8))
    assert (first.rows_new, again.rows_same, changed.rows_superseding) == (1, 1, 1)
    with engine.connect() as connection:
        known = connection.execute(text("SELECT known_at FROM penalty ORDER BY known_at")).scalars().all()
    assert known == [datetime(2026, 3, 3, 8), datetime(2026, 3, 10, 8)]


def test_a_second_place_of_business_comes_and_goes(town: Ingest, engine: Engine) -> None:
    rows = [row for row in town_registration() if row["统一社会信用代码"] == INN]
    town("registration", [{**rows[0], "生产经营地": "", "数据更新时间": "2026-06-01", "从业人数": "13"}])
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT known_at, retracted FROM premises WHERE natural_key = :key ORDER BY id"),
            {"key": f"{INN}|2"},
        ).all()
        single = connection.execute(text("SELECT count(*) FROM premises WHERE premises_no = 2")).scalar()
    assert [(row.known_at.month, row.retracted) for row in found] == [(3, False), (6, True)]
    assert single == 2, "an enterprise that never had a second place gets no withdrawal of it"


@pytest.mark.parametrize("killed_after", [0, 1, 3])
def test_a_killed_import_goes_on_where_it_stopped(
    town: Ingest,
    database: Database,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_after: int,
) -> None:
    rows = penalties() + [good("penalty", 行政处罚决定书文号="坏", 处罚决定日期="2026-02-30")] * 2
    path = write_csv(tmp_path / "penalty_big.csv", rows)
    monkeypatch.setattr("ingestion.load.CHUNK_ROWS", 20)
    left = killed_after

    def dies(what: str, part: float) -> None:
        nonlocal left
        if part >= intake.READING:
            if left == 0:
                raise KeyboardInterrupt
            left -= 1

    with pytest.raises(KeyboardInterrupt):
        ingest_file(database.engine_for("ingest"), path, progress=dies)
    report = ingest_file(database.engine_for("ingest"), path)

    assert (report.rows_read, report.rows_new, report.rows_faulty) == (len(rows), 70, 2)
    assert report.rows_valid == report.rows_new + report.rows_same + report.rows_superseding
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM batch WHERE dataset = 'penalty'")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM row_fault")).scalar() == 2
        assert connection.execute(
            text("SELECT count(*), count(DISTINCT natural_key) FROM penalty")
        ).one() == (104, 70)


def test_a_changed_layout_is_held_with_the_names_of_its_columns(town: Ingest, engine: Engine) -> None:
    renamed = {("处罚日期" if h == "处罚决定日期" else h): cell for h, cell in good("penalty").items()}
    report = town("penalty", [renamed])
    assert (report.state, report.rows_read) == ("held", 0)
    assert "缺少列：处罚决定日期" in report.sentence
    assert "不认识的列：处罚日期" in report.sentence
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM penalty")).scalar() == 0
        assert (
            "处罚日期"
            in connection.execute(text("SELECT held_reason FROM batch WHERE state = 'held'")).scalar_one()
        )


def test_standard_codes_are_as_good_as_chinese_headings(town: Ingest) -> None:
    from ingestion.datasets import DATASETS

    layout = DATASETS["penalty"]
    codes = dict(zip(layout.headings(), layout.codes(), strict=True))
    report = town("penalty", [{codes[heading]: cell for heading, cell in good("penalty").items()}])
    assert (report.state, report.rows_new) == ("loaded", 1), report.sentence


def test_every_batch_is_in_the_journal(town: Ingest, engine: Engine) -> None:
    town("penalty", [good("penalty"), good("penalty", 处罚决定日期="x")])
    town("penalty", [{"什么": "1"}])
    with engine.connect() as connection:
        acts = connection.execute(text("SELECT act, detail FROM journal ORDER BY number")).all()
        assert list(journal.faults(connection)) == []
    assert [row.act for row in acts][-2:] == ["batch.loaded", "batch.held"]
    assert acts[-2].detail["rows_faulty"] == 1


def test_the_ingesting_role_cannot_change_what_it_wrote(town: Ingest, database: Database) -> None:
    with (
        database.engine_for("ingest").connect() as connection,
        pytest.raises(Exception, match="permission denied"),
    ):
        connection.execute(text("UPDATE enterprise SET entname = 'x'"))


def test_unknown_files_and_datasets_are_refused(database: Database, tmp_path: Path) -> None:
    role = database.engine_for("ingest")
    with pytest.raises(Refusal, match="没有"):
        ingest_file(role, tmp_path / "penalty_none.csv")
    strange = write_csv(tmp_path / "whatever.csv", [good("office")])
    with pytest.raises(Refusal, match="哪个数据集"):
        ingest_file(role, strange)
    assert ingest_file(role, strange, dataset="office").rows_new == 1
    (tmp_path / "office_empty.csv").write_bytes(b"")
    assert ingest_file(role, tmp_path / "office_empty.csv").state == "failed"


def test_a_folder_is_read_in_order_of_dependence(database: Database, tmp_path: Path) -> None:
    """penalty sorts before registration by name, yet needs it."""
    for dataset, rows in (
        ("penalty", [good("penalty")]),
        ("registration", town_registration()),
        ("office", [good("office")]),
    ):
        write_csv(tmp_path / f"{dataset}_2026.csv", rows)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "surprise.csv").write_text("a,b\n1,2\n")
    seen: list[float] = []
    reports = ingest_folder(
        database.engine_for("ingest"), tmp_path, progress=lambda what, part: seen.append(part)
    )
    assert [(r.dataset, r.state) for r in reports] == [
        ("office", "loaded"), ("registration", "loaded"), ("penalty", "loaded"), ("", "failed"),
    ]  # fmt: skip
    assert reports[2].rows_new == 1
    assert "surprise.csv" in reports[3].sentence
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_two_contents_at_one_time_are_both_held(town: Ingest, engine: Engine) -> None:
    rows = [
        good("penalty"),
        good("penalty", 处罚内容="另一种写法"),
        good("penalty", 行政处罚决定书文号="8号"),
    ]
    report = town("penalty", rows)
    assert report.fault_counts == {"conflicting": 2}
    assert report.rows_new == 1
    assert {fault["row_no"] for fault in report.faults} == {2, 3}
    with engine.connect() as connection:
        raw = (
            connection.execute(text("SELECT raw->>'处罚内容' FROM row_fault ORDER BY row_no")).scalars().all()
        )
    assert raw == ["罚款五千元，没收过期茶叶", "另一种写法"]
