"""Training apart (另开进程训练): a model is trained in a process of its own, so that no page waits for it.

The worker may run inside the web server; a fit there would hold its threads. The child gets the address of the database
and plain values, opens its own connections in the role of risk, steps back for everybody else, and ends with its parent.
"""

from __future__ import annotations

import os
from datetime import date
from multiprocessing import get_context
from multiprocessing.connection import Connection

from sqlalchemy import Engine

from ingestion.sealing import leave_with
from registry.database import Database
from registry.errors import Refusal
from registry.progress import Progress, silent
from risk.train import TrainReport, train

POLITENESS = 10
"""How far the child steps back (nice)."""


def train_apart(
    engine: Engine, as_of: date, place: str, seed: int = 0, progress: Progress | None = None
) -> TrainReport:
    """As `risk.train.train`, in a spawned process. Raises its Refusals, and ChildProcessError if it died."""
    tell = progress or silent
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    url = engine.url.render_as_string(hide_password=False)
    child = context.Process(target=_train, args=(url, as_of, place, seed, there, os.getpid()), daemon=True)
    child.start()
    there.close()
    try:
        while isinstance(said := here.recv(), tuple):
            tell(*said)
    except EOFError as silence:
        child.join()
        raise ChildProcessError(f"training ended with {child.exitcode} and no word") from silence
    finally:
        here.close()
    child.join()
    if isinstance(said, TrainReport):
        return said
    raise _as_refusal(said)


def _train(url: str, as_of: date, place: str, seed: int, back: Connection, parent: int) -> None:
    """The child's whole life: progress as (stage, share), then a report, or a list that says what went wrong."""
    leave_with(parent)
    os.nice(POLITENESS)
    database = Database(url)
    try:
        engine = database.engine_for("risk")
        back.send(train(engine, as_of, place, seed, lambda stage, share: back.send((stage, share))))
    except Refusal as refusal:
        back.send([refusal.code, refusal.sentence, refusal.remedy])
    finally:
        database.close()


def _as_refusal(said: list[str]) -> Refusal:
    code, sentence, remedy = said
    return Refusal(code, sentence, remedy)
