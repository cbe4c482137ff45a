"""Relations: a person is a key and a role; equal keys are one person, and nothing else can be read from them."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.redaction import seal
from registry.database import Database
from tests.ingestion.conftest import Ingest, dump
from tests.ingestion.papers import INN, good

PERSON = {
    "关联方类型": "自然人", "关联企业统一社会信用代码": "", "关联企业名称": "", "关联人姓名": "林某某",
    "关联人证件号码": "110101199003070898",
}  # fmt: skip


def test_one_person_in_two_enterprises_has_one_key(town: Ingest, database: Database) -> None:
    rows = [
        good("relation", **PERSON),
        good(
            "relation",
            **PERSON | {"统一社会信用代码": INN, "企业名称": "", "关联人证件号码": " 110101 19900307089 8"},
        ),
        good("relation", **PERSON | {"关联人证件号码": ""}),
        good("relation", **PERSON | {"统一社会信用代码": INN, "企业名称": "", "关联人证件号码": ""}),
    ]
    assert town("relation", rows).rows_new == 4
    made = dump(database.owner(), "relation")
    keys = {(row["enterprise_code"], row["person_key"]) for row in made}
    assert len(keys) == 4
    assert len({key for _, key in keys}) == 3, "a name alone is compared within one enterprise only"
    assert all(key.startswith("sealed:") and len(key) == 71 for _, key in keys)
    assert all(row["other_name"] is None and row["other_code"] is None for row in made)
    assert "林某某" not in str(made)
    assert "110101199003070898" not in str(made)


def test_a_faulty_row_keeps_the_key_and_can_be_sent_again(town: Ingest, database: Database) -> None:
    report = town("relation", [good("relation", **PERSON | {"起始日期": "没有"})])
    assert report.fault_counts == {"bad_date": 1}
    with database.owner().connect() as connection:
        raw = connection.execute(text("SELECT raw FROM row_fault")).scalar_one()
    assert "林某某" not in str(raw)
    assert "110101199003070898" not in str(raw)
    assert raw["关联人证件号码"] == seal("110101199003070898")
    assert town("relation", [raw | {"起始日期": "2016-05-04"}]).rows_new == 1
    assert town("relation", [good("relation", **PERSON)]).rows_same == 1


def test_a_person_never_stays_by_name_in_the_column_of_enterprises(town: Ingest, database: Database) -> None:
    town("relation", [good("relation", **PERSON | {"关联企业名称": "林某某"})])
    assert dump(database.owner(), "relation")[0]["other_name"] is None


def test_the_secret_is_made_once_for_a_folder_and_is_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "one"))
    monkeypatch.delenv("WURAO_PERSON_SECRET")
    first = seal("990100199001010016")
    assert first == seal("990100199001010016") == seal(first)
    secret = tmp_path / "one" / "person.secret"
    assert os.stat(secret).st_mode & 0o077 == 0
    assert len(secret.read_text()) == 64
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "two"))
    assert seal("990100199001010016") != first
    assert seal("") == ""
