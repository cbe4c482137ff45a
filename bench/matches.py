"""Candidates for unmatched names (待认领名称): python -m bench.matches [ENTERPRISES] [QUESTIONS]

Names of a simulated city in a real PostgreSQL; questions are such names written otherwise: place left out, another
legal form, one character wrong, missing or doubled. Ours beside two peers on the same names: rapidfuzz cdist over
whole names without any blocking, and difflib from the standard library on a sample, scaled up. Each runs in a
process of its own, so that its peak memory is its own. Recall: the right enterprise is among five candidates.
"""

from __future__ import annotations

import difflib
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from ingestion.citylife.names import enterprise_name, trade_names
from ingestion.citylife.trades import TRADES
from ingestion.matching.candidates import SHOWN, search
from ingestion.names import name_key
from ingestion.staging import copy_rows
from registry.database import Database
from registry.postgres import EmbeddedServer

DIFFLIB_QUESTIONS, DIFFLIB_NAMES = 5, 20_000
CHUNK = 20_000
Names = list[tuple[str, str]]


def city_names(many: int) -> Iterator[tuple[str, str]]:
    """(name, code) of enterprises, three in four of them companies."""
    draw = random.Random(7)
    trades = trade_names(np.arange(many))
    for number, trade_name in enumerate(trades):
        kind = draw.choice("1113")
        trade, form = draw.randrange(len(TRADES)), draw.randrange(3)
        yield (
            enterprise_name(kind, draw.randrange(4), trade_name, trade, draw.random(), form),
            f"E{number:017d}",
        )


def written_otherwise(name: str, draw: random.Random) -> str:
    """The same name as a tired clerk writes it."""
    place = draw.randrange(3, max(4, len(name) - 4))
    slips: list[Callable[[], str]] = [
        lambda: name[3:],
        lambda: (
            name.replace("有限公司", "有限责任公司").replace("股份有限责任公司", "公司")
            if "公司" in name
            else f"{name}店"
        ),
        lambda: name[:place] + draw.choice("丰宏达兴茂盛") + name[place + 1 :],
        lambda: name[:place] + name[place + 1 :],
        lambda: name[:place] + name[place] + name[place:],
    ]
    return draw.choice(slips)()


def measure(what: str, act: Callable[[], tuple[float, float]], scale: float = 1) -> float:
    """Run once in a process of its own; print CPU and wall seconds, memory and recall. Returns the CPU seconds."""
    pipe, end = multiprocessing.get_context("fork").Pipe()

    def run() -> None:
        Path("/proc/self/clear_refs").write_text(
            "5"
        )  # forget the peak of the process that this one came from
        before, start = _megabytes("VmRSS"), time.perf_counter()
        seconds, recall = act()
        end.send((seconds, time.perf_counter() - start, recall, _megabytes("VmHWM") - before))

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    seconds, wall, recall, more = pipe.recv()
    child.join()
    scaled = " (scaled up)" if scale != 1 else ""
    print(
        f"{what:<52}{seconds * scale:10.1f} s CPU{wall * scale:10.1f} s{more:7.0f} MB more{recall:8.1%}{scaled}"
    )
    return float(seconds * scale)


def _megabytes(what: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


def ours(url: str, asked: list[tuple[str, str]]) -> tuple[float, float]:
    """The search of ingestion.matching, names read from PostgreSQL."""
    questions: Any = [
        {"id": n, "number": "", "name_key": name_key(name)} for n, (name, _) in enumerate(asked)
    ]
    database = Database(url)
    with database.engine_for("ingest").connect() as connection:
        start = time.process_time()
        found = search(connection, questions)
        took = time.process_time() - start
    right = sum(code in {c.enterprise_code for c in found[n]} for n, (_, code) in enumerate(asked))
    return took, right / len(asked)


def bare_cdist(names: Names, asked: list[tuple[str, str]]) -> tuple[float, float]:
    """Every question against every whole name, the best five by rapidfuzz.fuzz.ratio; names already in memory."""
    start = time.process_time()
    best: list[list[tuple[float, str]]] = [[] for _ in asked]
    questions = [name_key(name) for name, _ in asked]
    for first in range(0, len(names), CHUNK):
        part = names[first : first + CHUNK]
        scores = process.cdist(
            questions, [name_key(n) for n, _ in part], scorer=fuzz.ratio, dtype=np.float32, workers=-1
        )
        top = np.argpartition(-scores, SHOWN, axis=1)[:, :SHOWN]
        for question, places in enumerate(top):
            best[question] += [(float(scores[question, p]), part[p][1]) for p in places]
            best[question] = sorted(best[question], reverse=True)[:SHOWN]
    took = time.process_time() - start
    right = sum(code in {c for _, c in best[n]} for n, (_, code) in enumerate(asked))
    return took, right / len(asked)


def by_difflib(names: Names, asked: list[tuple[str, str]]) -> tuple[float, float]:
    """difflib.get_close_matches over whole names, on a sample that contains the right ones."""
    wanted = {code for _, code in asked}
    part = [entry for entry in names if entry[1] in wanted]
    part += names[: DIFFLIB_NAMES - len(part)]
    codes = {name_key(name): code for name, code in part}
    start = time.process_time()
    found = [difflib.get_close_matches(name_key(name), list(codes), SHOWN, 0.6) for name, _ in asked]
    took = time.process_time() - start
    right = sum(code in {codes[name] for name in each} for each, (_, code) in zip(found, asked, strict=True))
    return took, right / len(asked)


def main(enterprises: int = 1_000_000, many: int = 1_000) -> int:
    """Print the table; returns 1 where our search takes more than a minute of CPU."""
    names = list(city_names(enterprises))
    draw = random.Random(11)
    asked = [(written_otherwise(name, draw), code) for name, code in draw.sample(names, many)]
    print(f"{many:,} unmatched names against {enterprises:,} enterprises, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory(prefix="wurao-") as folder, EmbeddedServer(Path(folder)) as server:
        database = Database(server.url)
        database.migrate()
        with database.owner().begin() as connection:
            rows = (("name", name_key(name), code, "2026-01-01") for name, code in names)
            copy_rows(connection, "enterprise_alias", ("kind", "alias", "enterprise_code", "known_at"), rows)
        database.close()
        took = measure("wurao: streamed, place and form aside, cdist", lambda: ours(server.url, asked))
    measure("peer: rapidfuzz cdist over whole names", lambda: bare_cdist(names, asked))
    few = asked[:DIFFLIB_QUESTIONS]
    scale = many / len(few) * enterprises / min(DIFFLIB_NAMES, enterprises)
    measure("peer: difflib.get_close_matches", lambda: by_difflib(names, few), scale)
    return 0 if took <= 60 else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
