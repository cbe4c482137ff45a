"""Four code sets of inspection results: the same code means another thing in each, and a tree has its rules."""

from pathlib import Path

import pytest

from ingestion.datasets.result_codes import CODE_SETS, STANDARD, CodeSet, read_item_results
from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from ingestion.mapping import load_profile
from registry.database import Database
from registry.errors import Refusal
from registry.vocabulary import RESULTS
from tests.ingestion.conftest import Ingest, dump
from tests.ingestion.papers import GOOD, good, write_csv

HEADINGS = [
    "检查编号",
    "统一社会信用代码",
    "检查日期",
    "检查部门",
    "抽查类型",
    "检查方式",
    "检查结果",
    "事项检查结果",
    "数据更新时间",
]


def profile_of(folder: Path, code_set: str, dataset: str = "inspection") -> Path:
    """A profile whose one feed says of which set the codes are."""
    columns = "".join(f'"{heading}" = "{heading}"\n' for heading in HEADINGS)
    path = folder / f"{code_set}.toml"
    path.write_text(
        f'[[file]]\npattern = "*"\n[[file.feeds]]\ndataset = "{dataset}"\ncode_set = "{code_set}"\n'
        f"[file.feeds.columns]\n{columns}",
        encoding="utf-8",
    )
    return path


def bring(database: Database, folder: Path, code_set: str, cells: list[str], items: str = "") -> BatchReport:
    """Results in codes, brought in under the set's profile."""
    rows = [
        {heading: good("inspection").get(heading, "") for heading in HEADINGS}
        | {"检查编号": f"{code_set} {cell}", "检查结果": cell, "事项检查结果": items}
        for cell in cells
    ]
    path = write_csv(folder / "results.csv", rows)
    return ingest_file(database.engine_for("ingest"), path, profile=profile_of(folder, code_set))


@pytest.mark.parametrize(
    ("code_set", "code", "result"),
    [
        ("pre-2016", "4", "R04"), ("zhejiang-2017", "A,4", "R08"), ("national-2", "4", "R06"), ("national-2", "04", "R06"),
        ("national", "R04", "R04"), ("zhejiang-2017", "8", "R06"), ("pre-2016", "8", "S02"), ("national-2", "8", "S05"),
    ],
)  # fmt: skip
def test_one_code_four_meanings(town: Ingest, database: Database, tmp_path: Path, code_set: str, code: str,
                                result: str) -> None:  # fmt: skip
    report = bring(database, tmp_path, code_set, [code])
    assert report.rows_new == 1, report.faults
    row = dump(database.owner(), "inspection_result")[0]
    assert (row["raw_result"], row["result_code"], row["code_set"]) == (code, result, code_set)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("1,A", "exclusive_result"), ("1,F", "exclusive_result"), ("2,B", "child_alone"), ("A,B", "child_alone"),
        ("A,6", "child_alone"), ("3", "child_alone"), ("G", "child_alone"), ("H", "unknown_code"), ("正常,A", "exclusive_result"),
    ],
)  # fmt: skip
def test_the_tree_of_zhejiang(
    one_town: Ingest, one_database: Database, tmp_path: Path, cell: str, fault: str
) -> None:
    assert bring(one_database, tmp_path, "zhejiang-2017", [cell]).fault_counts == {fault: 1}


def test_codes_without_a_set_are_held(one_town: Ingest) -> None:
    assert one_town("inspection", [good("inspection", 检查结果="4")]).fault_counts == {"unknown_code": 1}


@pytest.mark.parametrize("code_set", [STANDARD, *CODE_SETS.values()])
def test_every_text_of_every_set_is_known_to_every_other(code_set: CodeSet) -> None:
    for other in CODE_SETS.values():
        for words, result in other.meanings.values():
            token = code_set.table()[words]
            assert code_set.results([token]) == [result], words
    assert {result for _, result in code_set.meanings.values()} <= set(RESULTS)


def test_items_of_their_own() -> None:
    assert read_item_results("A01：B；A02:合理缺项;A03:未检查", CODE_SETS["zhejiang-2017"]) == {
        "A01": {"checked": True, "words": "B", "result_code": "R02"},
        "A02": {"checked": False, "words": "合理缺项"},
        "A03": {"checked": False, "words": "未检查"},
    }
    assert read_item_results("A01:公示信息隐瞒真实情况、弄虚作假", STANDARD) == {
        "A01": {"checked": True, "words": "公示信息隐瞒真实情况、弄虚作假", "result_code": "R03"}
    }
    assert read_item_results("A01:正常;A01:正常", STANDARD) == "A01:正常"
    assert read_item_results("A01:B", STANDARD) == "A01:B"


@pytest.mark.parametrize(("code_set", "dataset"), [("zhejiang", "inspection"), ("national", "penalty")])
def test_a_profile_that_names_no_set_is_refused(tmp_path: Path, code_set: str, dataset: str) -> None:
    path = profile_of(tmp_path, code_set)
    if dataset == "penalty":
        columns = "".join(f'"{heading}" = "x"\n' for heading in GOOD["penalty"])
        path.write_text(
            f'[[file]]\npattern = "*"\n[[file.feeds]]\ndataset = "penalty"\ncode_set = "{code_set}"\n'
            f"[file.feeds.columns]\n{columns}",
            encoding="utf-8",
        )
    with pytest.raises(Refusal) as refused:
        load_profile(path)
    assert refused.value.code == "profile.malformed"
    assert "zhejiang-2017" in refused.value.remedy
