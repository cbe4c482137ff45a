"""A view in another database: another PostgreSQL database of the test server, and SQLite."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from ingestion.sources import view as view_module
from ingestion.sources.definition import ViewSettings
from ingestion.sources.secrecy import Secrets
from ingestion.sources.view import open_foreign, read_view
from ingestion.sources.watermark import Read
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from registry.progress import silent

NOW = datetime(2026, 3, 10)
START = datetime(2026, 3, 1, 8)
ROWS = 120


@pytest.fixture(scope="module")
def postgres(server: EmbeddedServer) -> Iterator[str]:
    """The URL of another bureau's database, with a view of odd names."""
    admin = create_engine(server.url_of("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS elsewhere WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE elsewhere"))
    url = server.url_of("elsewhere")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "归集"'))
        connection.execute(text(
            'CREATE TABLE "归集".case_book (id int PRIMARY KEY, "文 号" text, "select" numeric(12, 2), made date,'
            ' changed timestamp, photo bytea, minor bool)'
        ))  # fmt: skip
        connection.execute(
            text('INSERT INTO "归集".case_book SELECT n, \'文\' || n, n / 4.0, date \'2026-01-01\' + n,'
                 ' :start + make_interval(mins => n / 3), \'\\x0a\', n % 2 = 0 FROM generate_series(1, :rows) n'),
            {"start": START, "rows": ROWS},
        )  # fmt: skip
        connection.execute(text('INSERT INTO "归集".case_book (id) VALUES (1000)'))
        connection.execute(text('CREATE VIEW "归集"."处罚 视图" AS SELECT * FROM "归集".case_book'))
    engine.dispose()
    yield url
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE elsewhere WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE book (id INTEGER PRIMARY KEY, name TEXT, changed DATETIME)"))
        for n in range(1, 31):
            changed = (START + timedelta(minutes=n)).isoformat(" ")
            connection.execute(
                text("INSERT INTO book VALUES (:n, :name, :changed)"),
                {"n": n, "name": f"户{n}", "changed": changed},
            )
        connection.execute(text("CREATE VIEW v AS SELECT id, name, changed FROM book"))
    engine.dispose()
    return url


def in_postgres(url: str, **changes: Any) -> ViewSettings:
    given = {
        "url": url,
        "schema": "归集",
        "view": "处罚 视图",
        "watermark": "changed",
        "key": ["id"],
        "batch_rows": 25,
    }
    return ViewSettings(**{**given, **changes})


def read(settings: ViewSettings, since: str | None = None) -> tuple[list[dict[str, Any]], Read]:
    rows: list[dict[str, Any]] = []
    return rows, read_view(settings, Secrets(Path("/none")), since, NOW, rows.append, silent)


def test_everything_in_order_with_cells_as_text(postgres: str) -> None:
    rows, done = read(in_postgres(postgres))
    assert [row["id"] for row in rows] == list(range(1, ROWS + 1))
    assert rows[4] == {
        "id": 5, "文 号": "文5", "select": "1.25", "made": "2026-01-06", "changed": "2026-03-01 08:01:00", "photo": "0a",
        "minor": False,
    }  # fmt: skip
    assert done.watermark == "2026-03-01T08:40:00"
    assert done.remarks == ["另有 1 行的 changed 为空，按更新时间取不到它们。"]


def test_only_what_changed_since_less_the_overlap(postgres: str) -> None:
    rows, done = read(in_postgres(postgres, overlap=60), since="2026-03-01T08:38:00")
    assert [row["id"] for row in rows] == list(range(114, ROWS + 1))
    assert done.watermark == "2026-03-01T08:40:00"
    assert read(in_postgres(postgres, overlap=0), since="2026-03-01T08:40:00")[0] == []
    assert (
        read(in_postgres(postgres, overlap=0), since="2026-03-01T08:40:00")[1].watermark
        == "2026-03-01T08:40:00"
    )


def test_rows_come_in_server_side_batches_and_nothing_is_written(postgres: str) -> None:
    engine = open_foreign(in_postgres(postgres), Secrets(Path("/none")))
    with engine.connect() as connection:
        relation = view_module.reflect(connection, in_postgres(postgres))
        query = view_module.select(relation)
        stream = connection.execution_options(yield_per=25).execute(query)
        assert type(stream.cursor).__name__ == "ServerCursor"
        stream.close()
    with engine.connect() as connection, pytest.raises(Exception, match="read-only"):
        connection.execute(text('INSERT INTO "归集".case_book (id) VALUES (2000)'))
    engine.dispose()


def test_a_limit_ends_between_two_marks_and_the_next_pull_goes_on(postgres: str) -> None:
    settings, since, got = in_postgres(postgres, max_rows=50, overlap=0), None, []
    for _ in range(5):
        rows, done = read(settings, since)
        got += [row["id"] for row in rows]
        since = done.watermark
    assert got == list(range(1, ROWS + 1))
    assert any("还有没取到的" in remark for remark in read(settings)[1].remarks)


@pytest.mark.parametrize(("key", "start"), [("id", "100"), ("made", "2026-04-01"), ("文 号", "文9")])
def test_marks_of_other_types(postgres: str, key: str, start: str) -> None:
    rows, done = read(in_postgres(postgres, watermark=key, start=start))
    whole, _ = read(in_postgres(postgres, watermark=None))
    expected = [row for row in whole if row[key] is not None and (
        row[key] > int(start) if key == "id" else row[key] > ("2026-03-31" if key == "made" else start)
    )]  # fmt: skip
    assert {row["id"] for row in rows} == {row["id"] for row in expected}
    assert done.watermark == {"id": "1000", "made": "2026-05-01", "文 号": "文99"}[key]


def test_a_mark_that_does_not_fit_its_column(postgres: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(in_postgres(postgres), since="第三批")
    assert refused.value.code == "view.watermark"


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"view": 'x"; DROP TABLE case_book; --'}, "view.unknown", "case_book"),
        ({"schema": "nowhere"}, "view.unknown", "nowhere"),
        ({"watermark": "changed; DELETE"}, "view.columns", "文 号"),
        ({"columns": ["id", "(SELECT 1)"]}, "view.columns", "(SELECT 1)"),
        ({"key": ["id", "no"]}, "view.columns", "no"),
    ],
)
def test_names_are_looked_up_and_never_become_sql(
    postgres: str, changes: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read(in_postgres(postgres, **changes))
    assert refused.value.code == code
    assert said in str(refused.value)
    assert len(read(in_postgres(postgres))[0]) == ROWS


def test_only_the_columns_asked_for(postgres: str) -> None:
    rows, _ = read(in_postgres(postgres, columns=["id", "文 号"]))
    assert set(rows[0]) == {"id", "文 号"}


def test_without_a_mark_too_many_rows_are_refused(postgres: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(in_postgres(postgres, watermark=None, max_rows=10))
    assert refused.value.code == "pull.too_large"


def test_sqlite(sqlite: str) -> None:
    settings = ViewSettings(url=sqlite, view="v", watermark="changed", key=("id",), overlap=0)
    rows, done = read(settings)
    assert [row["id"] for row in rows] == list(range(1, 31))
    assert done.watermark == "2026-03-01T08:30:00"
    engine = create_engine(sqlite)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO book VALUES (31, '户31', '2026-03-01 08:31:00')"))
        connection.execute(text("INSERT INTO book VALUES (32, '户32', '2099-12-31 00:00:00')"))
    engine.dispose()
    rows, done = read(settings, done.watermark)
    assert [row["id"] for row in rows] == [31, 32]
    assert done.watermark == "2026-03-01T08:31:00", "a row of the year 2099 must not carry the watermark away"


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("mysql+pymysql://u@127.0.0.1/d", "view.driver", "pip install pymysql"),
        ("oracle+oracledb://u@127.0.0.1/d", "view.driver", "pip install oracledb"),
        ("dm+dmPython://u@127.0.0.1/d", "view.driver", "dmSQLAlchemy"),
        ("no url at all", "view.url", "postgresql://"),
        ("sqlite:////nowhere/x.db", "view.missing_file", "/nowhere/x.db"),
    ],
)
def test_what_cannot_be_opened_says_what_is_missing(url: str, code: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(ViewSettings(url=url, view="v"))
    assert refused.value.code == code
    assert said in str(refused.value)


def test_a_database_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_PASSWORD", "p4ss-word-x")
    settings = ViewSettings(
        url="postgresql://reader@127.0.0.1:1/d", password={"env": "OTHER_PASSWORD"}, view="v"
    )
    with pytest.raises(Refusal) as refused:
        read(settings)
    assert refused.value.code == "view.unreadable"
    assert "p4ss-word-x" not in str(refused.value)


def test_the_password_reaches_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_PASSWORD", "p4ss/word:x")
    settings = ViewSettings(
        url="postgresql://reader@127.0.0.1:1/d", password={"env": "OTHER_PASSWORD"}, view="v"
    )
    engine: Engine = open_foreign(settings, Secrets(Path("/none")))
    assert engine.url.password == "p4ss/word:x"
    assert "p4ss" not in repr(engine)
