"""Waivers (首违不罚、轻微免罚): what the rules say of a case. A recommendation; an officer decides.

行政处罚法 Art. 33: minor, corrected in time and harmless → 不予; first, slight and corrected → 可以不予. The
second half is discretion, so nothing here ever decides, and whatever is unknown goes to a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, insert, select

from registry import clock
from registry.clock import end_of
from registry.errors import Refusal
from registry.facts import history
from registry.rules import Rule, load_rules
from registry.tables import Penalty, WaiverCase, WaiverDecision, WaiverProposal

PREFIX = "waiver.item."
ELIGIBLE, NOT_ELIGIBLE, NEED_HUMAN = "eligible", "not_eligible", "need_human"


@dataclass(frozen=True)
class Earlier:
    """An earlier violation of the same kind: `certain` if it bars a waiver, else a person must look."""

    what: str
    on: date
    certain: bool
    record: dict[str, Any]


@dataclass
class Verdict:
    """What the rules say: reasons against, evidence still missing, and the records looked at."""

    verdict: str = ELIGIBLE
    reasons: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def propose_waiver(engine: Engine, case_id: int, as_of: date, place: str) -> int:
    """Judge a case by the catalogue in force when the violation occurred; returns the proposal's id.

    Raises Refusal waiver.no_case; waiver.no_item if the item is not in the catalogue there and then.
    """
    book = load_rules()
    with engine.begin() as connection:
        case = (
            connection.execute(select(*WaiverCase.__table__.c).where(WaiverCase.id == case_id))
            .mappings()
            .first()
        )
        if case is None:
            raise Refusal("waiver.no_case", f"没有编号为 {case_id} 的案件。", "核对案件编号。", status=404)
        item = catalogue_item(case["item_code"], place, case["occurred_on"])
        years = int(book.value("waiver.lookback_years", place, case["occurred_on"]))
        since = (pd.Timestamp(case["occurred_on"]) - pd.DateOffset(years=years)).date()
        earlier = look_back(connection, case, item, since, as_of)
        excluded = dict(book.value("waiver.exclusions", place, case["occurred_on"]))
        verdict = judge_case(case_facts(case), item, earlier, years, excluded)
        values = _row(case, item, verdict, earlier, as_of, place, since, book.version)
        return int(
            connection.execute(
                insert(WaiverProposal).values(**values).returning(WaiverProposal.id)
            ).scalar_one()
        )


def catalogue_item(code: str, place: str, on: date) -> Rule:
    """The catalogue entry in force. Raises Refusal waiver.no_item listing those there are."""
    book = load_rules()
    if f"{PREFIX}{code}" not in book.rules:
        known = "、".join(key.removeprefix(PREFIX) for key in book.keys(PREFIX))
        raise Refusal(
            "waiver.no_item",
            f"免罚清单里没有事项“{code}”（现有：{known}）。",
            "按一般程序办理，或在 rules/waivers.toml 登记。",
        )
    return book.rule(f"{PREFIX}{code}", place, on)


def case_facts(case: RowMapping) -> dict[str, Any]:
    """The facts conditions may name: the case's own columns, and whatever the officer recorded beside them."""
    named = ("goods_value", "illegal_gain", "duration_days", "corrected_on", "order_deadline", "harm")
    return {**dict(case["facts"] or {}), **{name: case[name] for name in named}}


def judge_case(
    facts: dict[str, Any], item: Rule, earlier: list[Earlier], years: int, excluded: dict[str, str]
) -> Verdict:
    """Apply exclusions, the look-back and the item's conditions. Eligible only if nothing fails or is unknown."""
    verdict = Verdict()
    verdict.reasons += [
        f"属于清单排除情形：{words}。" for name, words in excluded.items() if facts.get(name) is True
    ]
    verdict.missing += [
        f"是否属于排除情形：{words}" for name, words in excluded.items() if facts.get(name, False) is None
    ]
    for found in earlier:
        said = f"{years}年内有同类违法：{found.on} {found.what}。"
        (verdict.reasons if found.certain else verdict.doubts).append(said)
    for condition in item.value["conditions"]:
        outcome = meets(condition, facts)
        if outcome is None:
            verdict.missing.append(condition["missing"])
        elif not outcome:
            verdict.reasons.append(condition["fails"] + "。")
    if verdict.reasons:
        verdict.verdict = NOT_ELIGIBLE
    elif verdict.missing or verdict.doubts:
        verdict.verdict = NEED_HUMAN
    return verdict


def meets(condition: dict[str, Any], facts: dict[str, Any]) -> bool | None:
    """Whether a fact passes a condition's test; None if it is not known, or not of the kind the test needs."""
    value, test = facts.get(condition["fact"]), condition["test"]
    if test == "by_deadline":
        return _by_deadline(value, facts.get("order_deadline"))
    if value is None:
        return None
    if test in ("true", "false"):
        return (value is (test == "true")) if isinstance(value, bool) else None
    if test == "at_most":
        number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        return value <= condition["value"] if number else None
    raise Refusal("rules.malformed", f"免罚条件的检验方式“{test}”不认识。", "更正 rules/waivers.toml。")


def _by_deadline(corrected: date | None, deadline: date | None) -> bool | None:
    """Corrected at once of one's own accord, or within the order's time (国市监法〔2025〕10号)."""
    if corrected is None:
        return None
    return deadline is None or corrected <= deadline


def look_back(
    connection: Connection, case: RowMapping, item: Rule, since: date, as_of: date
) -> list[Earlier]:
    """Violations of the same kind since `since`: penalties of any status, and earlier waivers.

    A withdrawn penalty, one decided only after this violation, and an undecided proposal on another case are
    for a person to weigh.
    """
    return [
        *_penalties(connection, case, item, since, as_of),
        *_waivers(connection, case, item, since, as_of),
    ]


def same_kind(item: Rule, code: str | None, words: str | None) -> bool:
    """Whether a penalty is of the item's kind, by code, or by words where codes are missing or foreign."""
    return code in item.value["violation_codes"] or any(
        w in (words or "") for w in item.value["violation_words"]
    )


def _penalties(
    connection: Connection, case: RowMapping, item: Rule, since: date, as_of: date
) -> list[Earlier]:
    known = history(Penalty, as_of).subquery()
    versions = connection.execute(
        select(known).where(known.c.enterprise_code == case["enterprise_code"])
    ).mappings()
    latest: dict[str, RowMapping] = {}
    kinds: set[str] = set()
    for version in sorted(versions, key=lambda v: (v["known_at"], v["id"])):
        latest[version["natural_key"]] = version
        if same_kind(item, version["violation_code"], version["cf_wfxw"]):
            kinds.add(version["natural_key"])
    found = []
    for key, version in latest.items():
        if key in kinds and since <= version["cf_jdrq"] <= as_of:
            certain = not version["retracted"] and version["cf_jdrq"] <= case["occurred_on"]
            status = "（已撤销，须人工核实）" if version["retracted"] else ""
            record = {"table": "penalty", "id": version["id"]}
            what = f"行政处罚 {version['cf_wsh']}{status}"
            found.append(Earlier(what, version["cf_jdrq"], certain, record))
    return found


def _waivers(connection: Connection, case: RowMapping, item: Rule, since: date, as_of: date) -> list[Earlier]:
    wanted = (
        select(WaiverProposal.id, WaiverProposal.case_id, WaiverProposal.verdict, WaiverCase.item_code,
               WaiverCase.occurred_on, WaiverDecision.waived, WaiverDecision.decided_at)
        .join(WaiverCase, WaiverCase.id == WaiverProposal.case_id)
        .outerjoin(WaiverDecision, WaiverDecision.proposal_id == WaiverProposal.id)
        .where(WaiverCase.enterprise_code == case["enterprise_code"], WaiverCase.id != case["id"])
        .where(WaiverCase.entered_at < end_of(as_of), WaiverCase.occurred_on >= since)
        .order_by(WaiverProposal.id)
    )  # fmt: skip
    found: dict[int, Earlier] = {}
    for row in connection.execute(wanted):
        if row.item_code not in item.value["violation_codes"]:
            continue
        decided = row.decided_at is not None and row.decided_at < end_of(as_of)
        record = {"table": "waiver_proposal", "id": row.id}
        if decided and row.waived:
            found[row.case_id] = Earlier("免予处罚", row.occurred_on, True, record)
        elif row.case_id not in found:
            found[row.case_id] = Earlier("同类案件（尚未免罚）", row.occurred_on, False, record)
    return list(found.values())


def _row(
    case: RowMapping,
    item: Rule,
    verdict: Verdict,
    earlier: list[Earlier],
    as_of: date,
    place: str,
    since: date,
    version: str,
) -> dict[str, Any]:
    looked = {
        "looked_back_from": since.isoformat(),
        "looked_back_to": as_of.isoformat(),
        "same_kind": [{"on": e.on.isoformat(), "what": e.what, **e.record} for e in earlier],
        "maximum_fine": item.value["maximum_fine"],
        "duties": item.value["duties"],
    }
    nothing = [f"{since} 至 {as_of} 未查到同类处罚或免罚记录。"] if not earlier else []
    return {
        "as_of": as_of, "place": place, "case_id": case["id"], "enterprise_code": case["enterprise_code"],
        "item_code": case["item_code"], "verdict": verdict.verdict, "kind": item.value["kind"], "article": item.basis,
        "reasons": [*verdict.reasons, *verdict.doubts, *nothing], "missing": verdict.missing,
        "documents": list(item.value["documents"]) if verdict.verdict != NOT_ELIGIBLE else [],
        "evidence": looked, "rules_version": version, "made_at": clock.now(),
    }  # fmt: skip
