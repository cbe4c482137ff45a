"""A drop folder: what is ready is brought in and put away with a receipt; nothing is lost, overwritten or done twice."""

import os
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from ingestion.sources import drop
from ingestion.sources.definition import FolderSettings
from ingestion.sources.drop import being_written, look, ready, sweep
from ingestion.sources.receipt import RECEIPT
from registry.database import Database
from registry.errors import Refusal
from registry.tables import Batch, Penalty
from tests.ingestion.papers import good, town_registration, write_csv

AT_ONCE = FolderSettings(settle_seconds=0)
WHEN = datetime(2026, 11, 27, 9, 30)

Sweep = Callable[[], list[drop.Dropped]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def swept(database: Database, folder: Path) -> Sweep:
    return lambda: sweep(database.engine_for("ingest"), folder, AT_ONCE, None, None, WHEN)


def facts(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(Penalty)).scalar_one())


def put(folder: Path, name: str, text: str = "x\n") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def lying(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_unfinished_names_litter_links_and_our_own_shelves_are_left_alone(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("a.csv.part", "b.tmp", "~$c.xlsx", ".hidden.csv", "d.crdownload", "done/2026-11/e.csv", "held/f.csv",
                 f"g.csv{RECEIPT}", "h.csv.done", ".sync/i.csv", "empty.csv"):  # fmt: skip
        put(folder, name, "" if name == "empty.csv" else "x")
    (folder / "link.csv").symlink_to(put(tmp_path, "outside.csv"))
    put(folder, "deep/er/penalty_a.csv")
    assert [str(path.relative_to(folder)) for path in look(folder, AT_ONCE)] == ["deep/er/penalty_a.csv"]
    long_ago = time.time() - drop.EMPTY_SECONDS - 1
    os.utime(folder / "empty.csv", (long_ago, long_ago))
    assert folder / "empty.csv" in look(folder, AT_ONCE)


def test_a_growing_file_is_left_until_it_rests(folder: Path) -> None:
    growing, still = put(folder, "penalty_a.csv"), put(folder, "penalty_b.csv")
    with growing.open("a") as late:

        def write_on(_: float) -> None:
            late.write("more\n")
            late.flush()

        assert ready(folder, FolderSettings(), sleep=write_on) == [still]
    assert ready(folder, FolderSettings(), sleep=lambda _: None) == [growing, still]


def test_a_file_that_is_open_for_writing_is_left(folder: Path) -> None:
    path = put(folder, "penalty_a.csv")
    with path.open("a"):
        assert being_written(path)
        assert ready(folder, AT_ONCE) == []
    assert not being_written(path)
    with path.open():
        assert ready(folder, AT_ONCE) == [path]
    assert being_written(folder / "gone.csv")


def test_a_marker_is_waited_for_and_goes_with_its_file(database: Database, folder: Path) -> None:
    marked = FolderSettings(settle_seconds=0, done_marker=True)
    write_csv(folder / "registration_a.csv", town_registration())
    engine = database.engine_for("ingest")
    assert sweep(engine, folder, marked, None, None, WHEN) == []
    put(folder, "registration_a.csv.done", "")
    (dropped,) = sweep(engine, folder, marked, None, None, WHEN)
    assert dropped.loaded
    assert lying(folder) == [
        "done/2026-11/registration_a.csv",
        "done/2026-11/registration_a.csv.done",
        f"done/2026-11/registration_a.csv{RECEIPT}",
    ]


def test_files_and_zips_come_in_in_order_of_dependence_and_are_put_away_with_receipts(
    database: Database, folder: Path, swept: Sweep
) -> None:
    """The penalties need the enterprises, which lie in a zip whose name sorts behind them."""
    write_csv(folder / "penalty_a.csv", [good("penalty"), good("penalty", 处罚决定日期="昨天")])
    paper = write_csv(folder / "x.csv", town_registration())
    with zipfile.ZipFile(folder / "登记.zip", "w") as made:
        made.write(paper, "registration_安和.csv")
    paper.unlink()
    put(folder, "河东/合同.docx")
    dropped = swept()
    assert [(each.name, each.loaded) for each in dropped] == [
        ("penalty_a.csv", True), ("合同.docx", False), ("登记.zip", True),
    ]  # fmt: skip
    assert facts(database.owner()) == 1
    assert lying(folder) == sorted([
        "done/2026-11/penalty_a.csv", f"done/2026-11/penalty_a.csv{RECEIPT}", "done/2026-11/登记.zip",
        f"done/2026-11/登记.zip{RECEIPT}", "held/河东/合同.docx", f"held/河东/合同.docx{RECEIPT}",
    ])  # fmt: skip
    receipt = (folder / f"done/2026-11/penalty_a.csv{RECEIPT}").read_text("utf-8-sig")
    assert (
        receipt.index("1 行有问题待更正")
        < receipt.index("第 3 行“处罚决定日期”")
        < receipt.index("二、已入库")
    )
    assert "SHA-256" in receipt
    held = (folder / f"held/河东/合同.docx{RECEIPT}").read_text("utf-8-sig")
    assert "没有入库，请按下面的说明处理" in held
    assert "不知道“合同.docx”属于哪个数据集" in held
    whole = (folder / f"done/2026-11/登记.zip{RECEIPT}").read_text("utf-8-sig")
    assert "全部入库，没有问题" in whole


def test_a_changed_layout_is_held_and_says_which_columns(folder: Path, swept: Sweep) -> None:
    put(folder, "penalty_a.csv", "甲,乙\n1,2\n")
    (dropped,) = swept()
    assert dropped.moved_to == folder / "held" / "penalty_a.csv"
    assert "不认识的列：甲、乙" in (folder / f"held/penalty_a.csv{RECEIPT}").read_text("utf-8-sig")


def test_the_same_name_again_overwrites_nothing(folder: Path, swept: Sweep) -> None:
    for text in ("甲\n1\n", "乙\n2\n", "丙\n3\n"):
        put(folder, "penalty_a.csv", text)
        swept()
    assert [(folder / "held" / name).read_text() for name in ("penalty_a.csv", "penalty_a(2).csv", "penalty_a(3).csv")] == [
        "甲\n1\n", "乙\n2\n", "丙\n3\n",
    ]  # fmt: skip


def test_without_links_files_are_still_moved(
    folder: Path, swept: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any) -> None:
        raise OSError("this share knows no links")

    monkeypatch.setattr(os, "link", no_links)
    put(folder, "penalty_a.csv", "甲\n1\n")
    swept()
    assert (folder / "held" / "penalty_a.csv").read_text() == "甲\n1\n"


def test_a_file_that_cannot_be_moved_is_said_and_the_others_are_put_away(
    folder: Path, swept: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = drop._move

    def moves(path: Path, target: Path) -> None:
        if "stuck" in path.name:
            raise PermissionError(13, "Permission denied")
        real(path, target)

    monkeypatch.setattr(drop, "_move", moves)
    put(folder, "penalty_a_stuck.csv", "甲\n1\n")
    put(folder, "penalty_b.csv", "甲\n1\n")
    with pytest.raises(Refusal, match=r"penalty_a_stuck.csv（Permission denied）") as refused:
        swept()
    assert refused.value.code == "folder.unwritable"
    assert (folder / "penalty_a_stuck.csv").exists()
    assert (folder / "held" / "penalty_b.csv").exists()


@pytest.mark.parametrize("point", ["write_receipt", "_move"])
def test_a_crash_between_bringing_in_and_moving_repeats_harmlessly(
    database: Database, folder: Path, swept: Sweep, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    engine = database.engine_for("ingest")
    sweep(
        engine,
        write_csv(folder / "registration_a.csv", town_registration()).parent,
        AT_ONCE,
        None,
        None,
        WHEN,
    )
    write_csv(folder / "penalty_a.csv", [good("penalty")])

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(drop, point, dies)
        with pytest.raises(KeyboardInterrupt):
            swept()
    assert facts(database.owner()) == 1
    assert (folder / "penalty_a.csv").exists()
    (dropped,) = swept()
    assert facts(database.owner()) == 1
    assert (dropped.reports[0].rows_new, dropped.reports[0].rows_same) == (0, 1)
    assert dropped.moved_to.name == "penalty_a.csv"
    assert [name for name in lying(folder) if "penalty" in name] == [
        "done/2026-11/penalty_a.csv", f"done/2026-11/penalty_a.csv{RECEIPT}",
    ]  # fmt: skip


def test_a_file_that_breaks_the_program_is_held_and_the_others_go_on(
    database: Database, folder: Path, swept: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(folder / "registration_a.csv", town_registration())
    put(folder, "penalty_bad.csv", "甲\n1\n")
    real = drop.ingest_paths

    def breaks(engine: Engine, paths: list[Path], *rest: Any) -> Any:
        if any("bad" in path.name for path in paths):
            raise ZeroDivisionError("our own fault")
        return real(engine, paths, *rest)

    monkeypatch.setattr(drop, "ingest_paths", breaks)
    states = {each.name: each.loaded for each in swept()}
    assert states == {"registration_a.csv": True, "penalty_bad.csv": False}
    assert "ZeroDivisionError" in (folder / f"held/penalty_bad.csv{RECEIPT}").read_text("utf-8-sig")


def test_a_database_that_is_away_is_no_file_s_fault(folder: Path) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    put(folder, "penalty_a.csv")
    nowhere = create_engine("postgresql+psycopg://x@127.0.0.1:1/x", connect_args={"connect_timeout": 2})
    with pytest.raises(OperationalError):
        sweep(nowhere, folder, AT_ONCE, None, None, WHEN)
    assert lying(folder) == ["penalty_a.csv"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="网络共享"):
        look(tmp_path / "none", AT_ONCE)


def test_an_empty_folder_leaves_no_trace(database: Database, folder: Path, swept: Sweep) -> None:
    assert swept() == []
    with database.owner().connect() as connection:
        assert connection.execute(select(func.count()).select_from(Batch)).scalar_one() == 0
