"""Folders and zips, names in GBK included."""

import zipfile
from pathlib import Path

import pytest

from ingestion.intake import ingest_folder
from ingestion.sources.folder import open_folder
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.papers import good, town_registration, write_csv


def test_a_zip_s_files_are_read_under_their_own_names(database: Database, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    penalty = write_csv(inner / "a.csv", [good("penalty")], "gb18030").read_bytes()
    registration = write_csv(inner / "b.csv", town_registration(), "gb18030").read_bytes()
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "报送.zip", "w") as archive:
        archive.writestr("处罚/penalty_安和.csv", penalty)
        archive.writestr("登记/2026/registration_安和.csv", registration)
        archive.writestr("说明.docx", b"x")
    reports = ingest_folder(database.engine_for("ingest"), folder)
    assert [(r.file_name, r.rows_new) for r in reports] == [
        ("registration_安和.csv", 5),
        ("penalty_安和.csv", 1),
    ]


def test_names_in_gbk(tmp_path: Path) -> None:
    header = b"PK\x03\x04"
    name = "office_安和.csv".encode("gbk")
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("office_AAAA.csv", "机构代码\n")
    path.write_bytes(path.read_bytes().replace(b"office_AAAA.csv", name))
    assert path.read_bytes().startswith(header)
    with open_folder(tmp_path) as files:
        assert [entry.name for entry in files] == ["office_安和.csv"]


def test_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("x")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(Refusal), open_folder(folder):
            pass


def test_a_broken_zip_and_litter_do_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "abnormal_b.zip").write_bytes(b"junk")
    (tmp_path / "~$penalty_a.xlsx").write_bytes(b"")
    (tmp_path / "penalty_a.csv").write_text("x\n")
    with open_folder(tmp_path) as found:
        assert [(entry.name, entry.refusal and entry.refusal.code) for entry in found] == [
            ("penalty_a.csv", None),
            ("abnormal_b.zip", "file.unreadable"),
        ]
