"""The database (数据库): connections in a stage's role, and the schema's version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from registry.errors import Refusal
from registry.postgres import OLDEST_SERVER, EmbeddedServer
from registry.settings import Settings
from registry.tables import WRITERS

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass
class Database:
    """One database and its engines. `engine_for("ingest")` writes what that stage may write, reads everything."""

    url: str
    _engines: dict[str, Engine] = field(default_factory=dict)

    def engine_for(self, stage: str) -> Engine:
        """An engine whose connections act in the role of a stage: ingest, risk, schedule, report or portal."""
        role = f"wurao_{stage}"
        if role not in WRITERS:
            raise ValueError(f"no such stage: {stage}")
        if stage not in self._engines:
            engine = create_engine(self.url, pool_size=4, max_overflow=12)
            event.listen(engine, "connect", _act_as(role))
            self._engines[stage] = engine
        return self._engines[stage]

    def owner(self) -> Engine:
        """The engine of the schema's owner: migrations only."""
        return self._engines.setdefault("owner", create_engine(self.url, pool_size=1))

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        if self._revision() == newest_revision():
            return
        # A third of a second, for which a command that finds nothing to do need not wait.
        from alembic import command

        configuration = _alembic()
        with self.owner().begin() as connection:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")

    def refuse_stale_schema(self) -> None:
        """Raise Refusal database.stale unless the schema is the one this code was written for."""
        current, newest = self._revision(), newest_revision()
        if current != newest:
            raise Refusal(
                "database.stale",
                f"数据库结构是 {current or '空的'}，程序需要 {newest}。",
                "运行 wurao db migrate。",
            )

    def _revision(self) -> str | None:
        with self.owner().connect() as connection:
            known = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one()
            found = text("SELECT version_num FROM alembic_version")
            return connection.execute(found).scalar_one_or_none() if known else None

    def close(self) -> None:
        """Return every connection."""
        for engine in self._engines.values():
            engine.dispose()


def _act_as(role: str) -> Callable[..., None]:
    def set_role(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {role}")
        connection.commit()

    return set_role


@contextmanager
def open_database(settings: Settings, migrate: bool = True) -> Iterator[Database]:
    """The database of the settings: given by URL, or embedded and running while the context lasts.

    Raises Refusal database.unreachable or database.too_old.
    """
    if settings.database_url:
        yield from _opened(_with_driver(settings.database_url), migrate)
        return
    with EmbeddedServer(settings.data / "postgres", settings.postgres_bin) as server:
        yield from _opened(server.url, migrate)


def _opened(url: str, migrate: bool) -> Iterator[Database]:
    database = Database(url)
    try:
        _refuse_unusable(database)
        if migrate:
            database.migrate()
        else:
            database.refuse_stale_schema()
        yield database
    finally:
        database.close()


def _refuse_unusable(database: Database) -> None:
    try:
        with database.owner().connect() as connection:
            version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10000
    except OperationalError as error:
        raise Refusal(
            "database.unreachable",
            f"连不上数据库：{str(error.orig).strip()}",
            "检查 WURAO_DATABASE_URL 和数据库是否在运行。",
        ) from error
    if version < OLDEST_SERVER:
        raise Refusal("database.too_old", f"数据库是 PostgreSQL {version}。", f"需要 {OLDEST_SERVER} 以上。")


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _alembic() -> "Config":
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    return configuration


def newest_revision() -> str:
    """The schema's newest version: migrations form one line and are numbered by their files' names."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
