"""C-9: a changed layout holds the batch and names its columns; an item code unknown on that day holds the row."""

import pytest
from sqlalchemy import text

from ingestion.datasets import DATASETS
from registry.database import Database
from tests.faults.importing import checksum
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import good


def _needed(dataset: str) -> str:
    return next(
        column.heading for column in DATASETS[dataset].columns if not column.optional and not column.personal
    )


CHANGES = {
    "renamed": lambda row, heading: {("新" + h if h == heading else h): cell for h, cell in row.items()},
    "added": lambda row, heading: {**row, "新列": "1"},
    "removed": lambda row, heading: {h: cell for h, cell in row.items() if h != heading},
}


@pytest.mark.parametrize("change", list(CHANGES))
@pytest.mark.parametrize("dataset", list(DATASETS))
def test_a_changed_layout_is_held_and_named(
    one_town: Ingest, one_database: Database, dataset: str, change: str
) -> None:
    before, heading = checksum(one_database.owner()), _needed(dataset)
    report = one_town(dataset, [CHANGES[change](good(dataset), heading)] * 3)
    assert (report.state, report.rows_read) == ("held", 0)
    named = {"renamed": [f"缺少列：{heading}", f"不认识的列：新{heading}"], "added": ["不认识的列：新列"],
             "removed": [f"缺少列：{heading}"]}  # fmt: skip
    assert all(part in report.sentence for part in named[change]), report.sentence
    assert report.sentence.endswith("。")
    assert "请" in report.sentence
    with one_database.owner().connect() as connection:
        held = text("SELECT state, held_reason FROM batch WHERE id = :batch")
        state, reason = connection.execute(held, {"batch": report.batch_id}).one()
        journal = text("SELECT act FROM journal ORDER BY number DESC LIMIT 1")
        assert connection.execute(journal).scalar_one() == "batch.held"
    assert state == "held"
    assert heading in reason or change == "added"
    assert checksum(one_database.owner()) == before, "nothing may be loaded"


def test_the_same_file_is_loaded_once_its_layout_is_right_again(town: Ingest) -> None:
    assert town("penalty", [CHANGES["added"](good("penalty"), "")]).state == "held"
    assert town("penalty", [good("penalty")]).rows_new == 1


@pytest.mark.parametrize(
    ("code", "day", "listed"),
    [
        ("SC-77", "2026-02-15", {"生效日期": "2026-01-01"}),  # the list that names it arrives later
        ("SC-78", "2026-02-15", {"生效日期": "2026-02-15"}),  # in force from that very day
        ("SC-79", "2026-02-15", {"生效日期": "2025-01-01", "失效日期": "2026-02-15"}),  # to that very day
    ],
)
def test_an_item_unknown_on_that_day_holds_its_row_until_the_list_arrives(
    one_town: Ingest, one_database: Database, code: str, day: str, listed: dict[str, str]
) -> None:
    rows = [
        good("inspection", 检查编号=f"{code}-{n}", 检查日期=day, 检查事项编码=items)
        for n, items in enumerate(("SC-01", f"SC-01;{code}", f"{code};SC-01"))
    ]
    first = one_town("inspection", rows)
    assert (first.rows_read, first.rows_new, first.fault_counts["unknown_item"]) == (3, 1, 2)
    said = [fault["sentence"] for fault in first.faults if fault["code"] == "unknown_item"]
    assert all(code in each and day in each for each in said)
    with one_database.owner().connect() as connection:
        kept = text("SELECT raw->>'检查事项编码' FROM row_fault WHERE batch_id = :batch AND code = 'unknown_item'"
                    " ORDER BY row_no")  # fmt: skip
        assert connection.execute(kept, {"batch": first.batch_id}).scalars().all() == [
            f"SC-01;{code}",
            f"{code};SC-01",
        ]

    assert one_town("check_item", [good("check_item", 事项编码=code, **listed)]).rows_new == 1
    again = one_town("inspection", rows)
    assert (again.rows_new, again.rows_same, again.rows_faulty) == (2, 1, 0)


@pytest.mark.parametrize(
    ("day", "span"),
    [
        ("2026-02-14", {"生效日期": "2026-02-15"}),
        ("2026-02-16", {"生效日期": "2025-01-01", "失效日期": "2026-02-15"}),
    ],
)
def test_a_listed_item_not_in_force_on_that_day_holds_the_row(
    one_town: Ingest, day: str, span: dict[str, str]
) -> None:
    code = f"SC-{day}"
    assert one_town("check_item", [good("check_item", 事项编码=code, **span)]).rows_new == 1
    report = one_town("inspection", [good("inspection", 检查编号=code, 检查日期=day, 检查事项编码=code)])
    assert (report.rows_new, report.rows_faulty, report.fault_counts["unknown_item"]) == (0, 1, 1)
