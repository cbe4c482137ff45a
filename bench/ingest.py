"""Cost of bringing data in (归集用时): python -m bench.ingest [ROWS] [ENTERPRISES] [ROUNDS]

Penalties from a CSV, through the real command `wurao ingest`, validated, identified and versioned into PostgreSQL,
beside what somebody would do instead: pandas from a file (`read_csv` of rows that are clean already, `to_sql` into a table with
the same indexes, but no check, identity or version); and, with the cleaned rows in hand, raw COPY and `pandas.to_sql` into a
bare table and into one with the same indexes, and a SQLAlchemy Core insert into a bare one. All write every row. Each runs in a
process of its own on the same server: seconds on the wall, CPU seconds of the process and of the server, and the peak resident
memory of the process and those it started. Shared machines swing, so all take turns; the table has the medians of the rounds
(of memory the most).
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
from sqlalchemy import create_engine, text

from ingestion.citylife.codes import credit_codes
from ingestion.datasets import DATASETS
from registry.database import Database
from registry.postgres import EmbeddedServer

MOST_TIMES_COPY, LEAST_TIMES_TO_SQL, MOST_MEGABYTES = 6.0, 3.0, 512
KINDS = [f"违反《市场监督管理行政处罚程序规定》第{n}条的行为" for n in range(1, 61)]
BASES = [f"《中华人民共和国食品安全法》第{n}条第一款第（{n % 7 + 1}）项" for n in range(30, 90)]
PENALTY_KINDS = ("警告", "罚款", "罚款;没收违法所得", "没收违法所得;没收非法财物")


@dataclass
class Cost:
    """What one way of writing the rows took."""

    name: str
    wall: float
    client: float
    server: float
    megabytes: float


def main(rows: int = 1_000_000, enterprises: int = 100_000, rounds: int = 3) -> int:
    """Print the table; 1 if a figure of issue 3 is missed (on a full run)."""
    with tempfile.TemporaryDirectory(prefix="wurao-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder) / "postgres") as server:
            penalties = _prepare(server, Path(folder), rows, enterprises)
            costs = [_round(server, penalties, rows) for _ in range(rounds)]
            return _judge([_median(way) for way in zip(*costs, strict=True)], rows)


COMMAND = (sys.executable, "-c", "from portal.cli import main; main()", "ingest", "--json")


def _prepare(server: EmbeddedServer, folder: Path, rows: int, enterprises: int) -> Path:
    """A place with its enterprises; returns the file of penalties."""
    database = Database(server.url)
    database.migrate()
    database.close()
    serials, enterprise = np.arange(enterprises), np.array(["1"])
    codes = credit_codes(enterprise, np.array([990101]), serials, np.array([True])).tolist()
    registration = write_registration(folder / "registration_bench.csv", codes)
    penalties = write_penalties(folder / "penalty_bench.csv", codes, rows)
    print(
        f"{rows:,} penalties of {enterprises:,} enterprises, {penalties.stat().st_size / 1e6:.0f} MB of CSV"
    )
    run("wurao ingest: registration", [*COMMAND, str(registration)], server, server.url)
    _on(server.url, *WARM)
    return penalties


def _round(server: EmbeddedServer, penalties: Path, rows: int) -> list[Cost]:
    """The import and every peer once, in a copy of the place."""
    url, cleaned = server.url_of("round"), penalties.with_name("cleaned.copy")
    afresh = ("DROP DATABASE IF EXISTS round", "CREATE DATABASE round TEMPLATE wurao", "CHECKPOINT")
    _on(server.url_of("postgres"), *afresh)
    costs = [run("wurao ingest (decode … versions)", [*COMMAND, str(penalties)], server, url)]
    _refuse_wrong_count(url, rows)
    if not cleaned.exists():
        _export(url, cleaned)
    for name, way, indexed in WAYS:
        _on(url, "DROP TABLE IF EXISTS peer", f"CREATE TABLE peer (LIKE penalty {indexed})", "CHECKPOINT")
        peer = [sys.executable, "-m", "bench.ingest_peers", way, url, str(cleaned)]
        costs.append(run(name, peer, server, url))
    return costs


def _median(costs: Sequence[Cost]) -> Cost:
    """The medians of the seconds, and the most memory."""
    name, *seconds, megabytes = zip(*map(astuple, costs), strict=True)
    wall, client, server = map(median, seconds)
    return Cost(name[0], wall, client, server, max(megabytes))


WARM = (
    "CREATE TABLE warm AS SELECT repeat(md5(number::text), 20) FROM generate_series(1, 2000000) number", "DROP TABLE warm",
)  # fmt: skip
"""A fresh server has no log files yet, and making them is work; the peers find those of the import, which shall find some too."""
WAYS = (
    ("raw COPY, bare table", "copy", ""),
    ("raw COPY, with the same indexes", "copy", "INCLUDING INDEXES"),
    ("pandas read_csv + to_sql, same indexes", "file", "INCLUDING INDEXES"),
    ("pandas.to_sql, same indexes", "to_sql", "INCLUDING INDEXES"),
    ("pandas.to_sql, bare table", "to_sql", ""),
    ("Core insert, bare table", "core", ""),
)
"""Name, way, what the twin has."""


def _judge(costs: list[Cost], rows: int) -> int:
    ours, copy, indexed, from_file, into_indexed, to_sql, core = costs
    print(f"\n{'':<39}{'wall s':>9}{'CPU s':>9}{'server s':>9}{'peak MB':>9}{'x COPY':>8}")
    for cost in costs:
        shown = (cost.wall, cost.client, cost.server, cost.megabytes)
        print(f"{cost.name:<39}" + "".join(f"{n:9.1f}" for n in shown) + f"{cost.wall / copy.wall:8.1f}")
    times, faster = ours.wall / copy.wall, from_file.wall / ours.wall
    print(
        f"\n{rows / ours.wall:,.0f} rows/s; {times:.1f} x raw COPY (at most {MOST_TIMES_COPY:g}), "
        f"{ours.wall / indexed.wall:.1f} x COPY with indexes; {faster:.1f} x faster than read_csv and to_sql (at least "
        f"{LEAST_TIMES_TO_SQL:g}); than to_sql with the rows in hand {into_indexed.wall / ours.wall:.1f} x, and "
        f"{to_sql.wall / ours.wall:.1f} x into a bare table, {core.wall / ours.wall:.1f} x than Core so; peak "
        f"{ours.megabytes:.0f} MB (at most {MOST_MEGABYTES})"
    )
    good = times <= MOST_TIMES_COPY and faster >= LEAST_TIMES_TO_SQL and ours.megabytes <= MOST_MEGABYTES
    return 0 if good or rows < 1_000_000 else 1


def run(name: str, command: list[str], server: EmbeddedServer, url: str) -> Cost:
    """Run a command to its end and tell what it cost; the peers report their own seconds of writing."""
    environment = {**os.environ, "WURAO_DATABASE_URL": url, "WURAO_DATA": str(server.folder.parent)}
    before, start = server_seconds(server), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    memory = Memory(process.pid)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall, client = time.perf_counter() - start, used.ru_utime + used.ru_stime
    if status:
        raise SystemExit(f"{name} failed: {said}")
    if said.startswith("wrote in "):  # a peer: reading its rows into memory is not counted
        wall, client = map(float, said.split()[2:4])
    time.sleep(0.5)  # the postmaster has reaped the backend, whose seconds it then owns
    cost = Cost(name, wall, client, server_seconds(server) - before, memory.peak())
    print(f"  {name}: {cost.wall:.1f} s, peak {cost.megabytes:.0f} MB", flush=True)
    return cost


class Memory(threading.Thread):
    """The most resident memory that a process and those it started hold together, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0.0, threading.Event()
        self.start()

    def run(self) -> None:
        """Look until asked for the result."""
        while not self.ended.wait(0.1):
            self.most = max(self.most, sum(map(resident_megabytes, descendants(self.pid))))

    def peak(self) -> float:
        """Megabytes."""
        self.ended.set()
        return self.most


def descendants(pid: int) -> list[int]:
    """A process and all it started."""
    found, place = [pid], 0
    while place < len(found):
        for task in Path(f"/proc/{found[place]}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, task.read_text().split())
        place += 1
    return found


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process; 0 for one that has ended."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    return 0.0


def server_seconds(server: EmbeddedServer) -> float:
    """CPU seconds of the postmaster and all its children, living and dead."""
    pid = int((server.folder / "cluster" / "postmaster.pid").read_text().split()[0])
    tick = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid:
            total += sum(map(int, fields[11:15])) / tick
        elif int(fields[1]) == pid:
            total += sum(map(int, fields[11:13])) / tick
    return total


def _refuse_wrong_count(url: str, rows: int) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        written = connection.execute(text("SELECT count(*) FROM penalty")).scalar_one()
    engine.dispose()
    if written != rows:
        raise SystemExit(f"{written:,} versions written, {rows:,} expected: the figures would mean nothing")


def _export(url: str, path: Path) -> None:
    """The rows as we cleaned them, for the peers."""
    engine = create_engine(url)
    with engine.connect() as connection, path.open("wb") as file:
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        with cursor, cursor.copy("COPY (SELECT * FROM penalty ORDER BY id) TO STDOUT") as copy:
            for block in copy:
                file.write(block)
    engine.dispose()


def _on(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def write_registration(path: Path, codes: list[str]) -> Path:
    """One registration for every code."""
    filled = {
        "市场主体类型": "有限责任公司", "主体类别": "企业", "登记机关": "安和市市场监督管理局", "管辖单位": "990101",
        "登记状态": "存续", "住所行政区划": "990101", "行业门类": "F", "行业代码": "5211", "数据更新时间": "2020-01-01",
    }  # fmt: skip
    headings = [c.heading for c in DATASETS["registration"].columns if not c.optional or c.heading in filled]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headings, restval="")
        writer.writeheader()
        for number, code in enumerate(codes):
            one = {
                "统一社会信用代码": code,
                "企业名称": f"安和市第{number}商贸有限公司",
                "住所": f"安和路{number}号",
            }
            writer.writerow({**filled, **one})
    return path


def write_penalties(path: Path, codes: list[str], rows: int) -> Path:
    """Decisions with texts of their own, as a case system exports them; `codes` take turns at random."""
    chance, first = random.Random(4), date(2021, 1, 4)
    sample = penalty_row(random.Random(), 0, codes[0], 0, first)
    headings = [c.heading for c in DATASETS["penalty"].columns if not c.optional or c.heading in sample]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headings, restval="")
        writer.writeheader()
        for number in range(rows):
            day, place = first + timedelta(days=chance.randrange(1800)), chance.randrange(len(codes))
            writer.writerow(penalty_row(chance, number, codes[place], place, day))
    return path


def penalty_row(chance: random.Random, number: int, code: str, place: int, day: date) -> dict[str, str]:
    """One decision."""
    bureau, kind = chance.randrange(30), chance.choice(PENALTY_KINDS)
    fine, gain = f"{chance.randrange(1, 400) / 20:g}", f"{chance.randrange(1, 100) / 50:g}"
    return {
        "行政相对人代码_1(统一社会信用代码)": code, "行政相对人名称": f"安和市第{place}商贸有限公司",
        "行政相对人类别": "法人及非法人组织", "行政处罚决定书文号": f"安市监处罚〔{day.year}〕{number}号",
        "违法行为类型": chance.choice(KINDS), "处罚依据": chance.choice(BASES), "处罚类别": kind,
        "违法事实": f"当事人于{day - timedelta(days=40)}在其经营场所销售标签不符合规定的食品{number % 977}件，货值金额"
                f"{chance.randrange(100, 90000)}元，经责令改正后逾期未改正。",
        "处罚内容": f"{kind}，金额合计{fine}万元，自收到决定书之日起十五日内缴至指定银行（第{number}号）。",
        "罚款金额(万元)": fine if "罚款" in kind else "",
        "没收违法所得、没收非法财物的金额(万元)": gain if "没收" in kind else "",
        "处罚决定日期": str(day), "处罚有效期": "2099-12-31", "公示截止期": str(day + timedelta(days=1095)),
        "处罚机关": f"安和市第{bureau}市场监督管理局", "处罚机关统一社会信用代码": "11990100MAPC08GC5K",
        "数据来源单位": f"安和市第{bureau}市场监督管理局", "数据来源单位统一社会信用代码": "11990100MAPC08GC5K",
        "数据更新时间": f"{day + timedelta(days=chance.randrange(1, 9))} 09:{number % 60:02d}:00",
    }  # fmt: skip


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main(*map(int, sys.argv[1:])))
