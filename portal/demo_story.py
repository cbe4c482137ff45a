"""What the demonstration says at its end: a screenful."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from reports.roster import read_roster

EXCLUSIONS_SHOWN = 8


def tell_story(made: Mapping[str, Any], seconds: Mapping[str, float], data: Path) -> str:
    """What happened, what was excluded and why, and where to look."""
    return "\n".join(
        [
            "",
            *_chain(made),
            "",
            "没有抽查谁，为什么（对象 × 任务，户次）：",
            *_exclusions(made),
            "",
            "到哪里看：",
            *_where(made, data),
            "",
            f"用时 {sum(seconds.values()):.0f} 秒："
            + "，".join(f"{name.split()[0]} {s:.0f}" for name, s in seconds.items()),
        ]
    )


def picture(connection: Connection, roster_id: int) -> dict[str, Any]:
    """The figures of a finished plan: visits, checks, how many share a door, and the exclusions by reason."""
    view = read_roster(connection, roster_id)
    checks = [len(visit.errands) for visit in view.visits]
    reasons: Counter[str] = Counter()
    for exclusion in view.exclusions:
        reasons[exclusion.reason_name] += exclusion.objects
    return {
        "tasks": len(view.tasks),
        "visits": len(checks),
        "onsite": sum(checks),
        "joint": sum(n for n in checks if n > 1) / max(sum(checks), 1),
        "unplaced": len(view.roster["unplaced"]),
        "exclusions": reasons.most_common(),
    }


def _chain(made: Mapping[str, Any]) -> Iterator[str]:
    read, faulty = (
        sum(getattr(batch, name) for batch in made["batches"]) for name in ("rows_read", "rows_faulty")
    )
    graded, trained = made["grading"], made["training"]
    classes = " · ".join(f"{name} {count:,}" for name, count in graded.classes.items())
    picture = made["picture"]
    yield f"归集  {made['city']['files']} 个文件，{read:,} 行，问题数据 {faulty:,} 行（逐行有说明），其余入库"
    yield f"分类  {graded.enterprises:,} 户：{classes}（内部资料）；样本 {trained.visits:,} 次检查"
    yield f"      {trained.reason}"
    yield f"提示  {made['warnings']:,} 条风险提示；{made['waivers']} 件首违不罚、轻微免罚案件已按清单给出建议"
    yield f"计划  {picture['tasks']} 项任务、6 个部门；对象池 {made['pool']['objects']:,} 个，无事不扰名单 {made['pool']['honest']:,} 户"
    yield f"抽取  各层共 {made['drawn']:,} 项检查，两次公开抽签均已承诺、公布并重算一致"
    yield (
        f"排班  {picture['visits']:,} 次上门（{picture['onsite']:,} 项现场检查），{picture['joint']:.0%} 的检查与其他部门合并进门；"
        f"未排 {picture['unplaced']}，独立核验违规 {len(made['violations'])} 处"
    )


def _exclusions(made: Mapping[str, Any]) -> Iterator[str]:
    for reason, count in made["picture"]["exclusions"][:EXCLUSIONS_SHOWN]:
        yield f"  {count:>8,}  {reason}"


def _where(made: Mapping[str, Any], data: Path) -> Iterator[str]:
    for name, path in made["reports"].items():
        yield f"  {name:14} {path}"
    yield f"  公开包          {made['bundles'].public}"
    command = sys.argv[0] if sys.argv[0].endswith("wurao") else "wurao"
    yield f"  重算            {command} verify {made['bundles'].public}"
    yield f"  网页            WURAO_DATA={data} {command} serve   （页面日期 {made['today']}）"
    for role, login, password in made["accounts"]:
        yield f"  账户            {role:12} {login} / {password}"
