"""Sources of the records: one of each kind, one that fails, one that is paused."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert

from registry import clock
from registry.tables import Source, SourcePull

SOURCES: tuple[tuple[dict[str, Any], list[dict[str, Any]]], ...] = (
    (
        {"name": "inbox", "kind": "folder", "settings": {}, "created_by": "system"},
        [{"state": "done", "rows": 5, "batches": [1], "sentence": "取了 1 件。读入 5 行，新增 5。1 件移到 done，回执在旁边。"}],
    ),
    (
        {"name": "省平台-处罚", "kind": "http", "office": "990100", "dataset": "penalty", "cron": "0 2 * * *",
         "settings": {"url": "https://data.example.gov.cn/api/v2/penalties"}, "created_by": "张三"},
        [
            {"state": "done", "rows": 1250, "batches": [1], "watermark_after": "2026-11-26 01:58:12",
             "arrival":
             "pulls/省平台-处罚/2026-11/26-020000-2/penalty_省平台-处罚.jsonl", "sentence": "读入 1250 行，新增 1250。"},
            *[{"state": "failed", "code": "pull.unreachable", "watermark_before": "2026-11-26 01:58:12",
               "sentence":
               "试了 5 次仍没有取到：对方正忙或出错（503）。 水位没有动，到下一个时点会从原处再取；一直不通请与对方核对。"}] * 3,
        ],
    ),
    (
        {"name": "登记库-变更", "kind": "view", "dataset": "registration", "cron": "0 3 * * *", "active": False,
         "settings": {"url": "postgresql://reader@10.20.30.40/dengji", "view": "v_registration"}, "created_by": "张三"},
        [{"state": "interrupted", "code": "pull.interrupted", "sentence": "取数中途进程结束了；水位没有动，下一次从原处再取。"}],
    ),
)  # fmt: skip


def add_sources(connection: Connection) -> None:
    """Insert them as the schema's owner."""
    for source, pulls in SOURCES:
        made = insert(Source).values(created_at=clock.now(), **source).returning(Source.id)
        number = connection.execute(made).scalar_one()
        for hour, pull in enumerate(pulls):
            started = clock.now() + timedelta(hours=hour)
            values = {
                "source_id": number,
                "asked_by": "worker",
                "started_at": started,
                "finished_at": started,
            }
            connection.execute(insert(SourcePull).values(**values, **pull))
