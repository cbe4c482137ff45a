"""The arrival file: complete or not at all, every line alike, the last of several versions, nothing personal."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources.arrival import ArrivalFile, flatten
from registry.errors import Refusal


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def written(folder: Path, records: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    with ArrivalFile(folder / "pull" / "x.jsonl", **options) as file:
        for record in records:
            file.add(record)
        arrived = file.finish()
    assert arrived is not None
    assert [path.name for path in arrived.path.parent.iterdir()] == ["x.jsonl"]
    assert arrived.rows == len(lines(arrived.path))
    return lines(arrived.path)


def test_lines_have_every_field_in_one_order_however_they_came(tmp_path: Path) -> None:
    got = written(tmp_path, [{"a": 1}, {"b": "二", "a": None}, {"c": [1, 2]}])
    assert [list(line) for line in got] == [["a", "b", "c"]] * 3
    assert got[1] == {"a": None, "b": "二", "c": None}


def test_nested_objects_are_flattened() -> None:
    assert flatten({"ent": {"code": "x", "at": {"no": 1}}, "list": [{"a": 1}], "plain": ["a"]}) == {
        "ent.code": "x", "ent.at.no": 1, "list": '[{"a": 1}]', "plain": ["a"],
    }  # fmt: skip


@pytest.mark.parametrize("fields", [(), ("v",)])
def test_of_one_key_the_last_is_kept_even_where_the_key_itself_is_not(
    tmp_path: Path, fields: tuple[str, ...]
) -> None:
    records = [{"k": 1, "v": "old"}, {"k": 2, "v": "x"}, {"k": 1, "v": "new"}]
    assert [line["v"] for line in written(tmp_path, records, key=["k"], fields=fields)] == ["x", "new"]


def test_records_without_their_key_replace_nothing(tmp_path: Path) -> None:
    assert len(written(tmp_path, [{"v": 1}, {"v": 2}, {"k": None, "v": 3}], key=["k"])) == 3


def test_personal_columns_are_not_written_under_any_spelling(tmp_path: Path) -> None:
    got = written(tmp_path, [{"Sex ": "男", "ＳＥＸ": "男", "v": 1}], personal=["SEX"])
    assert got == [{"v": 1}]


def overfull(path: Path, error: type[BaseException] | None = None) -> None:
    with ArrivalFile(path, limit=1_000_000) as file:
        for _ in range(20):
            file.add({"v": "x" * 100_000})
            if error:
                raise error


def test_what_is_not_finished_never_arrived(tmp_path: Path) -> None:
    path = tmp_path / "pull" / "x.jsonl"
    with pytest.raises(KeyboardInterrupt):
        overfull(path, KeyboardInterrupt)
    with pytest.raises(Refusal, match="超过 1 MB"):
        overfull(path)
    with ArrivalFile(path) as file:
        assert file.finish() is None
    assert list(tmp_path.rglob("*.*")) == []
