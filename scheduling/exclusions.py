"""Exclusions (不参加抽取的对象): each rule that keeps an object out of a task's pool, with its reason in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from registry.vocabulary import IN_BUSINESS
from scheduling.candidates import UNREGISTERED
from scheduling.task_spec import ON_SITE

_STATE_REASONS = {
    "注销": ("deregistered", "已注销"),
    "吊销": ("revoked", "已被吊销"),
    "撤销": ("cancelled", "登记已被撤销"),
    "迁出": ("moved", "已迁出本辖区"),
    "清算": ("liquidating", "正在组织清算"),
}


@dataclass(frozen=True)
class PoolTask:
    """What a task's exclusions depend on (任务要素)."""

    department: str
    item_codes: tuple[str, ...]
    library: str
    level: str
    method: str
    window_from: date
    everybody_drawn: bool
    """All class rates are 100 %: nothing is left to chance."""


@dataclass(frozen=True)
class PoolRules:
    """Values in force and facts known on the plan's date that exclusions read."""

    as_of: date
    spacing_days: int
    visits_per_year: dict[str, int]
    recognition_days: int
    white_list: frozenset[str]
    white_list_spares: frozenset[str]
    duty_libraries: dict[str, frozenset[str]]
    ledger: pd.DataFrame
    """disturbance_ledger: enterprise_code, day, department, planned."""
    recognised: pd.DataFrame
    """enterprise_code, item, day, department: results that count as recognised on the date."""


def exclude_not_in_business(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Deregistered, revoked, moved …: a door that is not there is not drawn (domain.md 2.3 step 4)."""
    gone = objects.loc[~objects["regstate"].isin([*IN_BUSINESS, UNREGISTERED]), "regstate"]
    reasons = gone.map(lambda s: _STATE_REASONS.get(s, ("not_in_business", f"登记状态为{s}"))[0])
    words = gone.map(lambda s: _STATE_REASONS.get(s, ("not_in_business", f"登记状态为{s}"))[1])
    return pd.DataFrame({"reason": reasons, "sentence": words + "，不在抽查范围。"})


def exclude_duties(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """100 % strata and key supervision: visited whatever the lottery says, listed apart (draw.md 1)."""
    if task.everybody_drawn:
        return _all(
            "duty", pd.Series("该任务规定全覆盖检查，全部列入，不参加抽取。", objects.index, dtype=object)
        )
    found = pd.Series(dtype=object)
    for library, codes in rules.duty_libraries.items():
        inside = objects.index[objects["enterprise_code"].isin(codes)].difference(found.index)
        found = pd.concat(
            [found, pd.Series(f"列入{library}，须全覆盖检查，不参加抽取。", inside, dtype=object)]
        )
    return _all("duty", found)


def exclude_white_list(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """White-list members are left in peace by on-site checks of the levels the place names (domain.md 3.4)."""
    if task.method != ON_SITE or task.level not in rules.white_list_spares:
        return _all("white_list", pd.Series(dtype=object))
    spared = objects.index[objects["enterprise_code"].isin(rules.white_list)]
    return _all(
        "white_list", pd.Series(f"在无事不扰白名单内，{task.level}事项不安排现场抽查。", spared, dtype=object)
    )


def exclude_recognised(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Every item of the task has a recent result of some department, which is recognised (结果互认)."""
    fresh = rules.recognised[rules.recognised["item"].isin(task.item_codes)]
    fresh = fresh.sort_values("day").drop_duplicates(["enterprise_code", "item"], keep="last")
    covered = fresh.groupby("enterprise_code").agg(
        items=("item", "size"), day=("day", "min"), who=("department", "first")
    )
    covered = covered[covered["items"] == len(set(task.item_codes))]
    rows = objects[objects["enterprise_code"].isin(covered.index)]
    when = rows["enterprise_code"].map(covered["day"]).astype(str)
    who = rows["enterprise_code"].map(covered["who"])
    tail = f"同一事项的检查结果，{rules.recognition_days} 日内互认，不再重复检查。"
    return _all("recognised_result", "已有" + who + when + tail)


def exclude_annual_cap(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """The department has used up this year's visits to the enterprise (年度频次上限)."""
    if task.method != ON_SITE:
        return _all("annual_cap", pd.Series(dtype=object))
    year_start = date(task.window_from.year, 1, 1)
    own = rules.ledger[rules.ledger["planned"].astype(bool) & (rules.ledger["department"] == task.department)]
    counts = own[own["day"] >= year_start].groupby("enterprise_code").size()
    done = objects["enterprise_code"].map(counts).fillna(0).astype(int)
    most = objects["klass"].map(rules.visits_per_year)
    rows = done.index[(done >= most) & most.notna()]
    words = "本年度已被" + task.department + "入企检查 " + done[rows].astype(str) + " 次，达到频次上限。"
    return _all("annual_cap", words)


def exclude_recently_visited(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Somebody was there within the spacing rule before the task begins, or is about to be (检查间隔)."""
    if task.method != ON_SITE:
        return _all("spacing", pd.Series(dtype=object))
    edge = task.window_from - timedelta(days=rules.spacing_days)
    recent = rules.ledger[rules.ledger["day"] > edge].sort_values("day")
    last = recent.drop_duplicates("enterprise_code", keep="last").set_index("enterprise_code")
    rows = objects[objects["enterprise_code"].isin(last.index)]
    when = rows["enterprise_code"].map(last["day"]).astype(str)
    who = rows["enterprise_code"].map(last["department"])
    tail = f" 日期距本任务起始日不足 {rules.spacing_days} 日，本批次不再抽取。"
    return _all("spacing", who + "入企检查 " + when + tail)


EXCLUSIONS: tuple[Callable[[pd.DataFrame, PoolTask, PoolRules], pd.DataFrame], ...] = (
    exclude_not_in_business,
    exclude_duties,
    exclude_white_list,
    exclude_recognised,
    exclude_annual_cap,
    exclude_recently_visited,
)
"""In order: the first rule that holds gives the reason."""


def find_exclusions(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Columns reason and sentence, indexed by the rows of `objects` that are left out of the task."""
    left, found = objects, []
    for exclude in EXCLUSIONS:
        out = exclude(left, task, rules)
        found.append(out)
        left = left.loc[left.index.difference(out.index)]
    return pd.concat(found)


def _all(reason: str, sentences: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"reason": pd.Series(reason, sentences.index, dtype=object), "sentence": sentences})
