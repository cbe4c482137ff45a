"""Adoption (模型启用): a trained model with its cut-offs grades nobody until two people have decided that it shall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select

from registry import clock, journal
from registry.clock import end_of
from registry.errors import Refusal
from registry.tables import AdoptionAct, ModelAdoption, ModelRun
from risk.two_people import acts_on, named, reasoned, record_act, refuse_same, refuse_untimely

STATES = {
    "trained": "未启用",
    "proposed": "待批准",
    "approved": "已启用",
    "rejected": "未批准",
    "withdrawn": "已停用",
}


@dataclass(frozen=True)
class Adopted:
    """The decision in force on a day: which model run grades."""

    adoption_id: int
    model_run_id: int


def adopt(
    engine: Engine, run_id: int, proposed_by: str, approved_by: str, reason: str, in_force_from: date
) -> int:
    """Propose and approve in one act of two people; returns the adoption's id. Raises Refusal model.*, decision.*."""
    refuse_same(proposed_by, approved_by)
    adoption = propose_adoption(engine, run_id, proposed_by, reason, in_force_from)
    decide_adoption(engine, adoption, "approved", approved_by, reason)
    return adoption


def propose_adoption(engine: Engine, run_id: int, by: str, reason: str, in_force_from: date) -> int:
    """Propose that a model run grades its place from a day on. Raises Refusal model.unknown, model.too_early."""
    with engine.begin() as connection:
        run = model_run(connection, run_id)
        if in_force_from < run["as_of"]:
            raise Refusal(
                "model.too_early", f"模型 {run_id} 用到 {run['as_of']} 的数据，不能从 {in_force_from} 起启用。",
                f"启用日期不早于 {run['as_of']}。",
            )  # fmt: skip
        values = {
            "model_run_id": run_id, "place": run["place"], "in_force_from": in_force_from, "reason": reasoned(reason),
            "proposed_by": named(by), "proposed_at": clock.now(),
        }  # fmt: skip
        stored = insert(ModelAdoption).values(**values).returning(ModelAdoption.id)
        adoption = int(connection.execute(stored).scalar_one())
        told = {"model_run": run_id, "model_hash": run["model_hash"], "in_force_from": str(in_force_from)}
        journal.append(connection, by, "model.adoption_proposed", f"model_adoption:{adoption}", told)
    return adoption


def decide_adoption(engine: Engine, adoption_id: int, act: str, by: str, reason: str) -> None:
    """approved or rejected by another person than the proposer; an approved one may be withdrawn by anybody named.

    Raises Refusal model.no_adoption, decision.*.
    """
    with engine.begin() as connection:
        proposal = adoption_of(connection, adoption_id)
        done = acts_on(connection, AdoptionAct, "adoption_id", adoption_id)
        refuse_untimely(done, act, proposal["proposed_by"], by)
        record_act(connection, AdoptionAct, "adoption_id", adoption_id, act, by, reasoned(reason))
        told = {"model_run": proposal["model_run_id"], "in_force_from": str(proposal["in_force_from"])}
        journal.append(connection, by, f"model.adoption_{act}", f"model_adoption:{adoption_id}", told)


def adopted_on(connection: Connection, as_of: date, place: str, run_id: int | None = None) -> Adopted:
    """The newest adoption in force at a place on a day (of one run, if named). Raises Refusal grade.no_model."""
    found = _newest_adoption(connection, as_of, place, run_id)
    if found is None:
        raise _nothing_adopted(connection, as_of, place)
    return found


def _newest_adoption(
    connection: Connection, as_of: date, place: str, run_id: int | None = None
) -> Adopted | None:
    wanted = (
        select(ModelAdoption.id, ModelAdoption.model_run_id)
        .join(AdoptionAct, (AdoptionAct.adoption_id == ModelAdoption.id) & (AdoptionAct.act == "approved"))
        .where(ModelAdoption.place == place, ModelAdoption.in_force_from <= as_of)
        .where(ModelAdoption.id.not_in(_withdrawn_by(as_of)))
        .order_by(ModelAdoption.in_force_from.desc(), AdoptionAct.id.desc())
        .limit(1)
    )
    found = connection.execute(
        wanted if run_id is None else wanted.where(ModelAdoption.model_run_id == run_id)
    ).first()
    return None if found is None else Adopted(found.id, found.model_run_id)


def _withdrawn_by(day: date) -> Any:
    return select(AdoptionAct.adoption_id).where(
        AdoptionAct.act == "withdrawn", AdoptionAct.acted_at < end_of(day)
    )


def _nothing_adopted(connection: Connection, as_of: date, place: str) -> Refusal:
    """Says what is missing: a model, or the decision of two people about the one that is there."""
    newest = connection.execute(
        select(func.max(ModelRun.id)).where(ModelRun.place == place, ModelRun.as_of <= as_of)
    ).scalar_one()
    if newest is None:
        return Refusal(
            "grade.no_model", f"{place} 在 {as_of} 之前没有训练好的模型。", f"先运行 wurao train --as-of {as_of}。"
        )  # fmt: skip
    remedy = f"核对模型 {newest} 后运行 wurao model adopt {newest} --by 提出人 --approve 批准人 --reason 理由 --as-of {as_of}。"
    return Refusal("grade.no_model", f"{place} 截至 {as_of} 没有经两人决定启用的模型。", remedy)


def model_run(connection: Connection, run_id: int) -> RowMapping:
    """A model run without its file. Raises Refusal model.unknown."""
    columns = [c for c in ModelRun.__table__.c if c.name != "model_file"]
    found = connection.execute(select(*columns).where(ModelRun.id == run_id)).mappings().first()
    if found is None:
        raise Refusal("model.unknown", f"没有第 {run_id} 次训练的模型。", "用 wurao model list 查看。", 404)
    return found


def adoption_of(connection: Connection, adoption_id: int) -> RowMapping:
    """A proposal. Raises Refusal model.no_adoption."""
    wanted = select(*ModelAdoption.__table__.c).where(ModelAdoption.id == adoption_id)
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise Refusal(
            "model.no_adoption", f"没有第 {adoption_id} 号启用提议。", "用 wurao model list 查看。", 404
        )
    return found


def adoptions_of(connection: Connection, run_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The proposals about some runs, newest first, each with `state` and its acts by name."""
    wanted = select(*ModelAdoption.__table__.c).where(ModelAdoption.model_run_id.in_(run_ids))
    rows = connection.execute(wanted.order_by(ModelAdoption.id.desc())).mappings().all()
    found = []
    for row in rows:
        acts = acts_on(connection, AdoptionAct, "adoption_id", row["id"])
        state = next((name for name in ("withdrawn", "approved", "rejected") if name in acts), "proposed")
        found.append({**row, "state": state, "acts": acts})
    return found


def models(connection: Connection, place: str, day: date) -> list[dict[str, Any]]:
    """The place's model runs, newest first: `adoptions`, their `state`, and whether one is `grading` on the day."""
    columns = [c for c in ModelRun.__table__.c if c.name not in ("model_file", "parameters")]
    wanted = select(*columns).where(ModelRun.place == place).order_by(ModelRun.id.desc())
    runs = connection.execute(wanted).mappings().all()
    about: dict[int, list[dict[str, Any]]] = {}
    for adoption in adoptions_of(connection, [run["id"] for run in runs]):
        about.setdefault(adoption["model_run_id"], []).append(adoption)
    grading = grading_run(connection, day, place)
    return [
        {
            **run, "adoptions": about.get(run["id"], []), "grading": run["id"] == grading,
            "state": about[run["id"]][0]["state"] if run["id"] in about else "trained",
        }
        for run in runs
    ]  # fmt: skip


def grading_run(connection: Connection, day: date, place: str) -> int | None:
    """The model run that grades a place on a day; None while nothing is adopted."""
    found = _newest_adoption(connection, day, place)
    return None if found is None else found.model_run_id
