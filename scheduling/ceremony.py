"""The ceremony of the draw (公开抽取程序): freeze, commit, seed, draw, publish; journalled, none skipped or repeated.

Arithmetic is in draw.py and rounding.py; here are only the acts and what they keep. Freezing is pool.freeze_pool
and allocation.allocate. An act out of order is refused with HTTP 409 and the attempt is journalled (proof C-13).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry import clock
from registry.persons import same_person
from registry.tables import Draw, DrawnObject, Plan, RosterVersion, Task
from scheduling.acts import Act, act, copy_rows, locked_draw, locked_plan, refuse
from scheduling.committed import OBJECTS, as_refusal, committed_files, drawn_hash, latest_draw, replay
from scheduling.draw import KEY_BYTES, DrawResult, check_seed, commit
from scheduling.publication import publish_draw

__all__ = ["commit_draw", "publish_draw", "record_seed", "redraw", "run_draw", "simulated_seed"]

_SALT_BYTES = 16
_DICE = 30
_STATES = {
    "committed": "已公布承诺",
    "seeded": "已登记种子",
    "drawn": "已抽取",
    "published": "已公布",
    "superseded": "已被新版本取代",
}


def commit_draw(engine: Engine, plan_id: int, made_by: str, ceremony_text: str) -> int:
    """Publish the commitment of a plan's first draw (公布承诺); the draw's id.

    Makes the secret key and the salt, and stores the hashes of pool.csv, counts.csv and key. `ceremony_text` says
    where and when the seed will be drawn. Raises Refusal plan.wrong_step or draw.exists (409).
    """
    with act(engine, made_by, "draw.committed", f"plan {plan_id}") as step:
        plan = locked_plan(step.connection, plan_id)
        earlier = latest_draw(step.connection, plan_id, OBJECTS)
        if earlier is not None:
            raise refuse(
                "draw.exists",
                f"计划 {plan['number']} 已有第 {earlier['version']} 次抽取（{_STATES[earlier['state']]}）。",
                "一个承诺只抽一次；确需重抽的，须写明理由并由第二名批准人批准（redraw），形成新版本。",
            )
        _require(plan, "allocated")
        return _commit(step, plan, made_by, ceremony_text, 1, None, None)


def redraw(
    engine: Engine, plan_id: int, made_by: str, ceremony_text: str, reason: str, second_approver: str
) -> int:
    """Commit to a second draw of the same pool (重新抽取) as a new version with fresh key and seed; its id.

    Raises Refusal draw.redraw_unfounded (409) without a reason, or unless the second approver is neither the
    person who asks nor the one who made the draw before.
    """
    with act(engine, made_by, "draw.redrawn", f"plan {plan_id}") as step:
        plan = locked_plan(step.connection, plan_id, "allocated", "drawn", "rostered")
        earlier = latest_draw(step.connection, plan_id, OBJECTS)
        if earlier is None:
            raise refuse("draw.not_committed", f"计划 {plan['number']} 还没有抽取过。", "先公布承诺。")
        _refuse_unfounded(reason, second_approver, {made_by, earlier["made_by"]})
        connection = step.connection
        connection.execute(update(Draw).where(Draw.id == earlier["id"]).values(state="superseded"))
        rosters = update(RosterVersion).where(RosterVersion.plan_id == plan_id)
        connection.execute(rosters.values(state="superseded"))
        connection.execute(update(Plan).where(Plan.id == plan_id).values(state="allocated"))
        version = int(earlier["version"]) + 1
        return _commit(step, plan, made_by, ceremony_text, version, reason, second_approver)


def record_seed(engine: Engine, draw_id: int, seed_text: str, source: str, actor: str) -> None:
    """Record the public seed exactly as announced (登记种子), once. Raises Refusal draw.wrong_step, draw.seed (409)."""
    with act(engine, actor, "draw.seeded", f"draw {draw_id}") as step:
        draw = locked_draw(step.connection, draw_id)
        _require_draw(draw, "committed")
        with as_refusal("draw.seed", "按现场宣读的原文登记一行文字。"):
            check_seed(seed_text)
        seeded = {"seed_text": seed_text, "seed_source": source, "seeded_at": clock.now(), "state": "seeded"}
        step.connection.execute(update(Draw).where(Draw.id == draw_id).values(**seeded))
        step.detail |= {"seed_text": seed_text, "source": source, "commitment": draw["commitment"]}


def run_draw(engine: Engine, draw_id: int, actor: str) -> int:
    """Draw (抽取检查对象): tickets and results follow by arithmetic; the number of drawn checks.

    The files are rebuilt from the frozen pool and compared with the commitment. Raises Refusal
    draw.pool_changed (409) where one byte differs, draw.wrong_step (409) out of order.
    """
    with act(engine, actor, "draw.drawn", f"draw {draw_id}") as step:
        draw = locked_draw(step.connection, draw_id)
        _require_draw(draw, "seeded", OBJECTS)
        result = replay(step.connection, draw)
        _store_result(step.connection, draw, result)
        hashed = drawn_hash(result)
        drawn = {"drawn_at": clock.now(), "state": "drawn", "result_hash": hashed}
        step.connection.execute(update(Draw).where(Draw.id == draw_id).values(**drawn))
        step.connection.execute(update(Plan).where(Plan.id == draw["plan_id"]).values(state="drawn"))
        step.detail |= {"drawn": len(result.drawn), "result_hash": hashed}
        return len(result.drawn)


def simulated_seed(engine: Engine, draw_id: int, day: date) -> str:
    """A seed for demonstrations, plainly marked 模拟 (模拟种子): dice that follow from the commitment.

    Never for a real draw: whoever knows the commitment knows these dice.
    """
    with engine.connect() as connection:
        commitment = connection.execute(select(Draw.commitment).where(Draw.id == draw_id)).scalar_one()
    rolls = hashlib.sha256(f"{commitment},simulated".encode()).digest()
    return f"{day} 模拟掷骰 " + " ".join(str(byte % 6 + 1) for byte in rolls[:_DICE])


def _commit(
    step: Act,
    plan: RowMapping,
    made_by: str,
    ceremony_text: str,
    version: int,
    reason: str | None,
    second_approver: str | None,
) -> int:
    if not ceremony_text.strip():
        raise refuse(
            "draw.no_ceremony", "没有写明种子仪式的地点和时间。", "写明地点、时间和见证方式后再公布承诺。"
        )
    key, salt = secrets.token_bytes(KEY_BYTES), secrets.token_hex(_SALT_BYTES)
    with as_refusal("draw.files", "核对任务、层和对象编号后重试。"):
        pool, counts = committed_files(step.connection, plan["id"], salt)
        hashes = commit(pool, counts, key)
    values = {
        "plan_id": plan["id"],
        "kind": OBJECTS,
        "version": version,
        "state": "committed",
        "salt": salt,
        "key_hex": key.hex(),
        # Strata are class × district: a published pool or ticket would betray the class (draw.md 3).
        "class_secret": True,
        **hashes._asdict(),
        "ceremony": ceremony_text,
        "committed_at": clock.now(),
        "redraw_reason": reason,
        "made_by": made_by,
        "second_approver": second_approver,
    }
    draw_id = int(step.connection.execute(insert(Draw).values(**values).returning(Draw.id)).scalar_one())
    step.detail |= {**hashes._asdict(), "draw": draw_id, "version": version, "ceremony": ceremony_text}
    if reason:
        step.detail |= {"reason": reason, "second_approver": second_approver}
    return draw_id


def _refuse_unfounded(reason: str, second_approver: str, others: set[str]) -> None:
    if not reason.strip():
        raise refuse("draw.redraw_unfounded", "重新抽取没有写明理由。", "写明理由；理由将随新版本一并公开。")
    if not second_approver.strip() or any(same_person(second_approver, one) for one in others):
        raise refuse(
            "draw.redraw_unfounded",
            "重新抽取须由第二名批准人批准，且不能是提出人或上次抽取的办理人。",
            "请另一名有批准权限的人员批准。",
        )


def _require(plan: RowMapping, state: str) -> None:
    if plan["state"] != state:
        raise refuse(
            "plan.wrong_step",
            f"计划 {plan['number']} 的对象池和抽取数量尚未冻结，不能公布承诺。",
            "先冻结对象池（freeze）并分配数量（allocate）。",
        )


def _require_draw(draw: RowMapping, state: str, kind: str | None = None) -> None:
    if draw["state"] != state or (kind is not None and draw["kind"] != kind):
        raise refuse(
            "draw.wrong_step",
            f"第 {draw['version']} 次抽取目前{_STATES[draw['state']]}，这一步须在{_STATES[state]}之后、且只能办理一次。",
            "按 承诺、种子、抽取、公布 的次序办理；确需重来的，按新版本重新抽取。",
        )


def _store_result(connection: Connection, draw: RowMapping, result: DrawResult) -> None:
    tasks = select(Task.short, Task.id).where(Task.plan_id == draw["plan_id"])
    numbers = {row.short: row.id for row in connection.execute(tasks)}
    rows = [
        {
            "draw_id": draw["id"],
            "task_id": numbers[row.task],
            "object_id": row.object_id,
            "stratum": row.stratum,
            "ticket": row.ticket,
            "inclusion": float(result.strata[row.task, row.stratum].inclusion),
        }
        for row in result.drawn
    ]
    copy_rows(connection, DrawnObject, pd.DataFrame(rows))
