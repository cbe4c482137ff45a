"""Exclusions (未纳入抽取的对象): how many of each task were left out, for which reason, in one sentence."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from registry.tables import PoolExclusion, Task

REASONS = {
    "deregistered": "已注销",
    "revoked": "已被吊销",
    "cancelled": "登记已被撤销",
    "moved": "已迁出本辖区",
    "liquidating": "正在组织清算",
    "not_in_business": "不在营业状态",
    "duty": "列为全覆盖检查，不参加抽取",
    "white_list": "无事不扰白名单",
    "recognised_result": "已有检查结果可以互认",
    "annual_cap": "已达年度频次上限",
    "spacing": "未满两次检查间隔",
    "item_cap": "已达事项频次上限",
    "exclusive_check": "本年度已有可替代的监督检查",
}
"""Words for the commonest codes; a code that is not here is shown as it stands, never dropped."""


@dataclass(frozen=True)
class Exclusion:
    """One reason in one task: how many objects, and one of the recorded sentences as an example."""

    task: str
    task_name: str
    department: str
    reason: str
    objects: int
    example: str

    @property
    def reason_name(self) -> str:
        """The reason in words."""
        return REASONS.get(self.reason, self.reason)


def total_by_reason(exclusions: Iterable[Exclusion]) -> list[tuple[str, int, str]]:
    """(reason in words, objects over all tasks, an example), commonest first."""
    totals: dict[str, int] = {}
    examples: dict[str, str] = {}
    for line in exclusions:
        totals[line.reason_name] = totals.get(line.reason_name, 0) + line.objects
        examples.setdefault(line.reason_name, line.example)
    return sorted(
        ((name, many, examples[name]) for name, many in totals.items()), key=lambda row: (-row[1], row[0])
    )


def read_exclusions(connection: Connection, plan_id: int) -> tuple[Exclusion, ...]:
    """Every reason of every task of a plan, commonest first within a task."""
    objects = func.count().label("objects")
    rows = connection.execute(
        select(
            Task.short,
            Task.name,
            Task.department,
            PoolExclusion.reason,
            objects,
            func.min(PoolExclusion.sentence).label("example"),
        )
        .join(Task, Task.id == PoolExclusion.task_id)
        .where(PoolExclusion.plan_id == plan_id)
        .group_by(Task.id, Task.short, Task.name, Task.department, PoolExclusion.reason)
        .order_by(Task.id, objects.desc(), PoolExclusion.reason)
    )
    return tuple(Exclusion(*row) for row in rows)
