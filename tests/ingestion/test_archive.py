"""Zips: names in any encoding, nested folders, and every bad entry refused by itself."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from ingestion.arrivals import ingest_path, summary
from ingestion.sources import archive
from ingestion.sources.archive import unpack
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.papers import good, town_registration, write_csv


def make_zip(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return path


def renamed(path: Path, placeholder: str, name: bytes) -> Path:
    """The same zip with a name that no flag explains, as old Chinese programs write it."""
    assert len(placeholder) == len(name)
    path.write_bytes(path.read_bytes().replace(placeholder.encode(), name))
    return path


def flagged_encrypted(path: Path, name: str) -> Path:
    """The same zip with the encryption flag of one entry set in both its headers."""
    content = bytearray(path.read_bytes())
    for signature, flag_at, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        place = -1
        while (place := content.find(signature, place + 1)) >= 0:
            if content[place + name_at : place + name_at + len(name)] == name.encode():
                content[place + flag_at] |= 1
    path.write_bytes(bytes(content))
    return path


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_unflagged_names(tmp_path: Path, encoding: str) -> None:
    name = "处罚/penalty_安和市.csv".encode(encoding)
    zipped = make_zip(tmp_path / "x.zip", {"A" * len(name): b"x\n"})
    (entry,) = unpack(renamed(zipped, "A" * len(name), name), tmp_path / "out")
    assert (entry.name, entry.refusal, entry.path.read_bytes()) == ("penalty_安和市.csv", None, b"x\n")


def test_flagged_names_and_rare_characters(tmp_path: Path) -> None:
    zipped = make_zip(tmp_path / "x.zip", {"登记/深一层/penalty_𠮷祥.csv": b"x\n"})
    (entry,) = unpack(zipped, tmp_path / "out")
    assert entry.name == "penalty_𠮷祥.csv"


def test_a_name_longer_than_the_file_system_takes(tmp_path: Path) -> None:
    name = f"penalty_{'长' * 100}.csv"
    (entry,) = unpack(make_zip(tmp_path / "x.zip", {name: b"x\n"}), tmp_path / "out")
    assert entry.name == name
    assert entry.path.read_bytes() == b"x\n"


def test_each_bad_entry_is_refused_by_itself_and_the_good_one_goes_on(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("penalty_inner.csv", "x\n")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr("../../penalty_outside.csv", "evil\n")
        made.writestr("/etc/penalty_root.csv", "evil\n")
        made.writestr("C:\\penalty_drive.csv", "evil\n")
        made.writestr("penalty_locked.csv", "secret\n")
        made.writestr("penalty_twice.csv", "1\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("penalty_twice.csv", "2\n")
        made.writestr("penalty_inner.zip", inner.getvalue())
        made.writestr("permit_broken.csv", "whole\n")
        made.writestr("a/penalty_same.csv", "1\n")
        made.writestr("b/penalty_same.csv", "2\n")
        made.writestr("__MACOSX/._penalty_a.csv", "litter")
        made.writestr("说明.docx", "no data")
    flagged_encrypted(tmp_path / "x.zip", "penalty_locked.csv")
    content = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(content.replace(b"whole\n", b"whale\n"))
    entries = unpack(tmp_path / "x.zip", tmp_path / "out")
    assert [(e.name, e.refusal.code if e.refusal else e.path.read_text()) for e in entries] == [
        ("penalty_outside.csv", "zip.outside"),
        ("penalty_root.csv", "zip.outside"),
        ("penalty_drive.csv", "zip.outside"),
        ("penalty_locked.csv", "zip.encrypted"),
        ("penalty_twice.csv", "1\n"),
        ("penalty_twice.csv", "zip.duplicate"),
        ("penalty_inner.zip", "zip.nested"),
        ("permit_broken.csv", "zip.damaged"),
        ("penalty_same.csv", "1\n"),
        ("penalty_same.csv", "2\n"),
    ]
    for entry in entries:
        if entry.refusal:
            assert "x.zip" in entry.refusal.sentence
            assert entry.refusal.remedy
    assert not (tmp_path.parent / "penalty_outside.csv").exists()


def test_a_method_that_python_cannot_read(tmp_path: Path) -> None:
    zipped = make_zip(
        tmp_path / "x.zip", {"penalty_a.csv": b"x\n", "penalty_b.csv": b"y\n"}, zipfile.ZIP_STORED
    )
    content = bytearray(zipped.read_bytes())
    first, central = content.find(b"PK\x03\x04"), content.find(b"PK\x01\x02")
    content[first + 8 : first + 10] = content[central + 10 : central + 12] = struct.pack("<H", 9)
    zipped.write_bytes(bytes(content))
    assert [e.refusal.code if e.refusal else "" for e in unpack(zipped, tmp_path / "out")] == [
        "zip.method",
        "",
    ]


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    zipped = make_zip(tmp_path / "x.zip", {"penalty_a.csv": b"0" * 50_000_000})
    with pytest.raises(Refusal) as refused:
        unpack(zipped, tmp_path / "out")
    assert refused.value.code == "file.bomb"


def test_a_bomb_that_lies_about_its_size_stops_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "refuse_bomb", lambda _: None)
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1_000_000)
    zipped = make_zip(tmp_path / "x.zip", {"penalty_a.csv": b"0" * 3_000_000, "penalty_b.csv": b"x\n"})
    first, second = unpack(zipped, tmp_path / "out")
    assert first.refusal is not None
    assert first.refusal.code == "file.bomb"
    assert second.refusal is None


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    with pytest.raises(Refusal, match="最多 2 个"):
        unpack(make_zip(tmp_path / "x.zip", {f"penalty_{n}.csv": b"x" for n in range(3)}), tmp_path / "out")


def test_a_zip_comes_in_at_the_one_door_in_order_of_dependence(database: Database, tmp_path: Path) -> None:
    penalty = write_csv(tmp_path / "a.csv", [good("penalty")], "gb18030").read_bytes()
    registration = write_csv(tmp_path / "b.csv", town_registration(), "gb18030").read_bytes()
    zipped = make_zip(
        tmp_path / "报送.zip",
        {
            "1处罚/penalty_安和.csv": penalty,
            "登记/registration_安和.csv": registration,
            "../penalty_x.csv": penalty,
            "别的.csv": penalty,
        },
    )
    reports = ingest_path(database.engine_for("ingest"), zipped)
    assert [(r.file_name, r.state, r.rows_new) for r in reports] == [
        ("registration_安和.csv", "loaded", 5),
        ("penalty_x.csv", "failed", 0),
        ("penalty_安和.csv", "loaded", 1),
        ("别的.csv", "failed", 0),
    ]
    said = summary(reports)
    assert said.startswith("2 个文件没有入库")
    assert "指到压缩包以外" in said
    assert "2 个文件入库：读入 6 行" in said
    again = ingest_path(database.engine_for("ingest"), zipped)
    assert sum(r.rows_new for r in again) == 0


def test_a_chosen_dataset_is_that_of_every_file(database: Database, tmp_path: Path) -> None:
    ingest_path(
        database.engine_for("ingest"), write_csv(tmp_path / "registration_a.csv", town_registration())
    )
    rows = write_csv(tmp_path / "a.csv", [good("penalty")]).read_bytes()
    zipped = make_zip(tmp_path / "x.zip", {"一季度.csv": rows})
    (report,) = ingest_path(database.engine_for("ingest"), zipped, "penalty")
    assert (report.dataset, report.state, report.rows_new) == ("penalty", "loaded", 1)


def test_an_empty_or_broken_zip_says_so(database: Database, tmp_path: Path) -> None:
    empty = make_zip(tmp_path / "empty.zip", {"说明.docx": b"x"})
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"junk")
    for path, said in ((empty, "没有数据文件"), (broken, "不是完整的压缩文件")):
        (report,) = ingest_path(database.engine_for("ingest"), path)
        assert report.state == "failed"
        assert said in report.sentence
