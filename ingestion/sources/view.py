"""A view in another database as a source (数据库视图): rows changed since the watermark, in order, read only.

Names come from the definition, are looked up in what the database itself says it has, and are quoted by SQLAlchemy;
no text of a person ever becomes SQL.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    TableClause,
    column,
    create_engine,
    func,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ingestion.sources.definition import ViewSettings
from ingestion.sources.secrecy import Secrets
from ingestion.sources.watermark import Read, column_text, column_value, earlier, in_beijing
from registry.errors import Refusal
from registry.progress import Progress

OVERLAP_SECONDS = 300
"""A transaction may commit after another whose rows are marked later; so much is read again."""
LONGEST_TIE = 10
"""Rows of one mark are read to their end; more than so many times `max_rows` of them is refused."""

CONNECT: dict[str, dict[str, Any]] = {
    "postgresql": {"connect_timeout": 15, "options": "-c default_transaction_read_only=on"},
    "mysql": {"connect_timeout": 15},
    "mariadb": {"connect_timeout": 15},
}
PACKAGES = {
    "pymysql": "pymysql", "MySQLdb": "mysqlclient", "oracledb": "oracledb", "cx_Oracle": "cx_Oracle", "pyodbc": "pyodbc",
    "pymssql": "pymssql", "psycopg2": "psycopg2-binary", "asyncpg": "asyncpg", "ksycopg2": "ksycopg2", "dmPython": "dmPython",
}  # fmt: skip
"""Module of a driver → its package."""
DIALECTS = {
    "dm": "dmSQLAlchemy dmPython",
    "opengauss": "opengauss-sqlalchemy",
    "oceanbase": "oceanbase-sqlalchemy",
}
"""Databases that SQLAlchemy does not know by itself → the package that teaches it."""


def read_view(
    settings: ViewSettings, secrets: Secrets, since: str | None, ceiling: datetime,
    add: Callable[[dict[str, Any]], None], progress: Progress,
) -> Read:  # fmt: skip
    """Hand every row changed since the watermark to `add`. Raises Refusal view.*."""
    engine = open_foreign(settings, secrets)
    try:
        with engine.connect() as connection:
            relation = reflect(connection, settings)
            mark = relation.c[settings.watermark] if settings.watermark else None
            read = _read(
                connection, settings, relation, mark, since or settings.start, ceiling, add, progress
            )
            if mark is not None and (unmarked := _unmarked(connection, relation, mark)):
                read.remarks.append(f"另有 {unmarked} 行的 {settings.watermark} 为空，按更新时间取不到它们。")
            read.watermark = read.watermark or since
            return read
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip()
        raise Refusal(
            "view.unreadable",
            f"另一个数据库没有读成：{secrets.hide(said)[:400]}",
            "请核对地址、账户权限和网络；水位没有动。",
        ) from error
    finally:
        engine.dispose()


def open_foreign(settings: ViewSettings, secrets: Secrets) -> Engine:
    """An engine of the other database. Raises Refusal view.url, view.driver, view.missing_file."""
    try:
        url = make_url(settings.url)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if settings.password:
            url = url.set(password=secrets.read(settings.password))
        _refuse_missing_file(url)
        return create_engine(url, poolclass=NullPool, connect_args=CONNECT.get(url.get_backend_name(), {}))
    except ModuleNotFoundError as error:
        package = PACKAGES.get(error.name or "", error.name or "")
        raise Refusal(
            "view.driver",
            f"没有安装读这种数据库的驱动 {error.name}。",
            f"请执行 pip install {package}，然后重新取数。",
        ) from error
    except NoSuchModuleError as error:
        kind = make_url(settings.url).get_backend_name()
        package = DIALECTS.get(kind, "该数据库的 SQLAlchemy 方言包（向厂商索取）")
        raise Refusal(
            "view.driver",
            f"SQLAlchemy 不认识数据库 {kind}。",
            f"请执行 pip install {package}，然后重新取数。",
        ) from error
    except ArgumentError as error:
        raise Refusal(
            "view.url", "数据库地址读不懂。", "写成 postgresql://账户@主机:端口/库名 这样的形式。"
        ) from error


def reflect(connection: Connection, settings: ViewSettings) -> TableClause:
    """The view with its columns as the database names them. Raises Refusal view.unknown, view.columns."""
    seen = inspect(connection)
    schema = settings.schema_name
    if schema and schema not in seen.get_schema_names():
        raise Refusal("view.unknown", f"另一个数据库里没有模式 {schema}。", "请核对 schema，或请对方授权。")
    names = {*seen.get_view_names(schema), *seen.get_table_names(schema)}
    if settings.view not in names:
        shown = "、".join(sorted(names)[:20]) or "没有任何视图或表"
        raise Refusal(
            "view.unknown",
            f"另一个数据库里没有视图 {settings.view}。",
            f"看得到的有：{shown}。请核对名称，或请对方授权。",
        )
    columns = {c["name"]: c["type"] for c in seen.get_columns(settings.view, schema)}
    wanted = {*settings.columns, *settings.key, *filter(None, [settings.watermark])}
    if missing := sorted(wanted - set(columns)):
        raise Refusal(
            "view.columns",
            f"视图 {settings.view} 没有这些列：{'、'.join(missing)}。",
            f"它有：{'、'.join(columns)}。请更正来源定义，或与对方核对视图是否改了。",
        )
    return table(settings.view, *(column(name, kind) for name, kind in columns.items()), schema=schema)


def _read(connection: Connection, settings: ViewSettings, relation: TableClause, mark: ColumnElement[Any] | None,
          since: str | None, ceiling: datetime, add: Callable[[dict[str, Any]], None], progress: Progress) -> Read:  # fmt: skip
    wanted = [relation.c[name] for name in settings.columns] or list(relation.c)
    query = select(*wanted, *([] if mark is None else [mark.label("wurao_mark")]))
    if mark is not None:
        query = query.where(mark.is_not(None) if since is None else mark > _since(settings, mark, since))
        query = query.order_by(mark, *(relation.c[name] for name in settings.key))
    highest, last, rows, more = None, None, 0, False
    for row in _stream(connection, query, settings.batch_rows):
        cells = dict(row)
        value = cells.pop("wurao_mark", None)
        if rows >= settings.max_rows and (
            mark is None or value != last or rows >= LONGEST_TIE * settings.max_rows
        ):
            _refuse_endless(settings, mark is not None and value != last)
            more = True
            break
        add({name: _plain(cell) for name, cell in cells.items()})
        rows, last = rows + 1, value
        if not (isinstance(value, datetime) and in_beijing(value) > ceiling):
            highest = value
        if rows % settings.batch_rows == 0:
            progress(f"已读 {rows} 行", 0.3)
    read = Read(None if highest is None else column_text(highest))
    if more:
        read.remarks.append(f"一次最多取 {settings.max_rows} 行，还有没取到的，下次从这里继续。")
    return read


def _stream(connection: Connection, query: Any, batch_rows: int) -> Iterator[Any]:
    yield from connection.execution_options(yield_per=batch_rows).execute(query).mappings()


def _since(settings: ViewSettings, mark: ColumnElement[Any], since: str) -> Any:
    try:
        kind = mark.type.python_type
    except NotImplementedError:
        kind = str
    try:
        return earlier(column_value(since, kind), settings.overlap, OVERLAP_SECONDS)
    except (ValueError, InvalidOperation) as error:
        raise Refusal(
            "view.watermark",
            f"水位“{since}”与列 {settings.watermark} 的类型不合。",
            "请核对 start，或用 wurao source run NAME --since 指明新的起点。",
        ) from error


def _unmarked(connection: Connection, relation: TableClause, mark: ColumnElement[Any]) -> int:
    return int(
        connection.execute(select(func.count()).select_from(relation).where(mark.is_(None))).scalar_one()
    )


def _refuse_endless(settings: ViewSettings, resumable: bool) -> None:
    if not resumable:
        raise Refusal(
            "pull.too_large",
            f"超过 {settings.max_rows} 行，而且没有可以接着取的水位。",
            "请写 watermark，或调大 max_rows。",
        )


def _refuse_missing_file(url: URL) -> None:
    """SQLite makes a missing file, and would call it an empty database."""
    file = url.database
    if (
        url.get_backend_name() == "sqlite"
        and file
        and not file.startswith("file:")
        and not Path(file).is_file()
    ):
        raise Refusal("view.missing_file", f"没有数据库文件 {file}。", "请核对路径。")


def _plain(cell: Any) -> Any:
    """A cell as JSON can hold it: times and amounts as text, bytes by their digits."""
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).hex()
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)
