"""Definitions: whole and checked before they are stored; a secret is named, never written."""

import os
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources.definition import Secret, checked, read_definition
from ingestion.sources.register import add_source, find_profile, find_source
from ingestion.sources.secrecy import Secrets
from registry.database import Database
from registry.errors import Refusal

HTTP = {"url": "https://data.example.gov.cn/api", "records": "data.list"}


def http(**changes: Any) -> dict[str, Any]:
    return {"name": "省平台-处罚", "dataset": "penalty", "http": {**HTTP, **changes}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (http(url="http://data.example.gov.cn/api"), "http 不加密"),
        (http(url="https://u:p4ssword@data.example.gov.cn/"), "地址里不能写密码"),
        (http(url="https://data.example.gov.cn/?access_token=p4ssword"), "地址里不能写密码"),
        (http(url="ftp://data.example.gov.cn/"), "https://"),
        (http(headers={"X-App-Key": "p4ssword"}), "X-App-Key 像是密钥"),
        (http(parameters={"appKey": "p4ssword"}), "appKey 像是密钥"),
        (http(token={"value": "p4ssword"}), "http.token.value"),
        (http(token={"url": "https://x.cn/t", "client_id": "a"}), "client_secret"),
        (http(paging={"style": "pages"}), "只能是 'none'"),
        (http(paging={"style": "cursor", "parameter": "c"}), "next_path"),
        (http(pagging={}), "http.pagging：不认识这一项"),
        ({**http(), "dataset": "penalties"}, "没有数据集 penalties"),
        ({**http(), "dataset": None}, "写 dataset"),
        ({**http(), "cron": "every day"}, "分 时 日 月 周"),
        ({**http(), "folder": {}}, "只写一节"),
        ({**http(), "name": "../x"}, "name 只用"),
        (
            {"name": "v", "dataset": "penalty", "view": {"url": "postgresql://u:p4ssword@h/d", "view": "v"}},
            "密码",
        ),
        ({"name": "v", "dataset": "penalty", "view": {"url": "sqlite:///x"}}, "view.view：没有填写"),
    ],
)
def test_what_is_wrong_is_named_and_its_value_is_not_repeated(content: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked("x.toml", {name: value for name, value in content.items() if value is not None})
    assert refused.value.code == "source.malformed"
    assert said in refused.value.sentence
    assert "p4ssword" not in str(refused.value)


def test_plain_http_is_for_our_own_machine_or_by_decision() -> None:
    assert checked("x", http(url="http://127.0.0.1:9/api")).kind == "http"
    assert checked("x", http(url="http://10.1.2.3/api", plain_http=True)).kind == "http"


def test_every_example_of_the_documentation_is_a_definition(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
    examples = [block.split("```")[0] for block in page.split("```toml\n")[1:]]
    assert len(examples) >= 5
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.toml"
        file.write_text(example)
        assert read_definition(file).kind in ("folder", "http", "view")


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"name = \xff")
    for name in ("x.toml", "none.toml"):
        with pytest.raises(Refusal) as refused:
            read_definition(tmp_path / name)
        assert refused.value.code == "source.unreadable"


def test_secrets_are_read_from_their_place_and_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR_TOKEN", "a b/c+密")
    file = tmp_path / "vendor"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    secrets = Secrets(tmp_path)
    assert secrets.read(Secret(env="VENDOR_TOKEN")) == "a b/c+密"
    assert secrets.read(Secret(file="vendor")) == "s3cret"
    said = "GET https://x/?t=a%20b%2Fc%2B%E5%AF%86 or a+b%2Fc%2B%E5%AF%86 as a b/c+密 with s3cret"
    assert secrets.hide(said) == "GET https://x/?t=*** or *** as *** with ***"


@pytest.mark.parametrize(("mode", "code"), [(0o644, "secret.exposed"), (None, "secret.missing")])
def test_a_secret_that_others_can_read_or_nobody_has(tmp_path: Path, mode: int | None, code: str) -> None:
    if mode:
        (tmp_path / "vendor").write_text("s3cret")
        os.chmod(tmp_path / "vendor", mode)
    with pytest.raises(Refusal) as refused:
        Secrets(tmp_path).read(Secret(file="vendor"))
    assert refused.value.code == code
    assert "s3cret" not in str(refused.value)


def test_a_source_is_added_once_and_changed_only_when_asked(database: Database, tmp_path: Path) -> None:
    engine = database.engine_for("ingest")
    first = add_source(engine, checked("x", http()), "张三", tmp_path)
    assert add_source(engine, checked("x", http()), "张三", tmp_path) == first
    other = checked("x", {**http(records="rows"), "cron": "0 2 * * *"})
    with pytest.raises(Refusal, match="--replace"):
        add_source(engine, other, "张三", tmp_path)
    assert add_source(engine, other, "李四", tmp_path, replace=True) == first
    with engine.connect() as connection:
        source = find_source(connection, "省平台-处罚")
        assert (source["cron"], source["settings"]["records"]) == ("0 2 * * *", "rows")
        with pytest.raises(Refusal, match="省平台-处罚"):
            find_source(connection, "别的")
    with pytest.raises(Refusal) as refused:
        add_source(
            engine, checked("x", {"name": "省平台-处罚", "folder": {}}), "张三", tmp_path, replace=True
        )
    assert refused.value.code == "source.kind"


def test_a_profile_must_know_the_arrival(database: Database, tmp_path: Path) -> None:
    content = {"name": "p", "profile": "austin", "http": HTTP}
    with pytest.raises(Refusal) as refused:
        add_source(database.engine_for("ingest"), checked("x", content), "张三", tmp_path)
    assert refused.value.code == "source.file_name"
    with pytest.raises(Refusal) as refused:
        find_profile("nowhere", tmp_path)
    assert "austin" in refused.value.remedy
