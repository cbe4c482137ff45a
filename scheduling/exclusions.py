"""Exclusions (不参加抽取的对象): each rule that keeps an object out of a task's pool, with its reason in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from registry.vocabulary import IN_BUSINESS
from scheduling.candidates import UNREGISTERED
from scheduling.frequency import ItemCap
from scheduling.statutory import Exclusive, Minimum
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
    window_to: date
    everybody_drawn: bool
    """All class rates are 100 %: nothing is left to chance."""
    full_classes: frozenset[str] = frozenset()
    """Classes whose rate is 100 %: strata in which nothing is left to chance."""


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
    """disturbance.on_site: enterprise_code, day, department, planned."""
    recognised: pd.DataFrame
    """enterprise_code, item, day, department: results that count as recognised on the date."""
    item_caps: dict[str, ItemCap] = field(default_factory=dict)
    item_checks: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["enterprise_code", "item", "day"])
    )
    """enterprise_code, item, day: planned checks of items that have a cap."""
    exclusive: tuple[Exclusive, ...] = ()
    minimums: tuple[Minimum, ...] = ()


def exclude_not_in_business(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Deregistered, revoked, moved …: a door that is not there is not drawn (domain.md 2.3 step 4)."""
    gone = objects.loc[~objects["regstate"].isin([*IN_BUSINESS, UNREGISTERED]), "regstate"]
    reasons = gone.map(lambda s: _STATE_REASONS.get(s, ("not_in_business", f"登记状态为{s}"))[0])
    words = gone.map(lambda s: _STATE_REASONS.get(s, ("not_in_business", f"登记状态为{s}"))[1])
    return pd.DataFrame({"reason": reasons, "sentence": words + "，不在抽查范围。"})


def exclude_duties(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """100 % strata, key supervision and statutory minima: visited whatever the lottery says, listed apart (draw.md 1).

    Besides reason and sentence: `deadline`, where a statutory period ends within the task's window.
    """
    if task.everybody_drawn:
        words = "该任务规定全覆盖检查，全部列入，不参加抽取。"
        return _all("duty", pd.Series(words, objects.index, dtype=object))
    found = [_duties_by_library(objects, rules)]
    inside = objects.index[objects["klass"].isin(task.full_classes)].difference(found[0].index)
    words = "该任务对这一层规定全覆盖检查，全部列入，不参加抽取。"
    found.append(_all("duty", pd.Series(words, inside, dtype=object)))
    if task.method == ON_SITE:
        left = objects.loc[objects.index.difference(pd.concat(found).index)]
        found += [_due_by_law(left, task, m) for m in rules.minimums if _concerns(m, task)]
    whole = pd.concat(found)
    return whole[~whole.index.duplicated()]


def _duties_by_library(objects: pd.DataFrame, rules: PoolRules) -> pd.DataFrame:
    found = pd.Series(dtype=object)
    for library, codes in rules.duty_libraries.items():
        inside = objects.index[objects["enterprise_code"].isin(codes)].difference(found.index)
        sentence = f"列入{library}，须全覆盖检查，不参加抽取。"
        found = pd.concat([found, pd.Series(sentence, inside, dtype=object)])
    return _all("duty", found)


def _concerns(minimum: Minimum, task: PoolTask) -> bool:
    return task.department == minimum.department and task.library in minimum.libraries


def _due_by_law(objects: pd.DataFrame, task: PoolTask, minimum: Minimum) -> pd.DataFrame:
    """Those whose statutory period ends within the window, or has ended where that is a duty too."""
    known = minimum.deadlines.reindex(objects["enterprise_code"])
    last, deadline = (pd.Series(known[name].to_numpy(), objects.index) for name in ("last", "deadline"))
    first, end = pd.Timestamp(task.window_from), pd.Timestamp(task.window_to)
    due = (deadline >= first) & (deadline <= end)
    over = (deadline < first) | deadline.isna()
    chosen = objects.index[due | over] if minimum.overdue_is_duty else objects.index[due]
    seen = last[chosen].dt.strftime("上次全面检查 %Y-%m-%d").fillna("没有全面检查的记录")
    until = deadline[chosen].dt.strftime("最迟 %Y-%m-%d 检查").where(~over[chosen], "按记录已经逾期")
    rule = f"{minimum.name}每 {minimum.months} 个月至少一次："
    found = _all("duty", rule + seen + "，" + until + "，列为必查，不参加抽取。")
    days = deadline[chosen].where(~over[chosen])
    return found.assign(
        deadline=pd.Series([d.date() if pd.notna(d) else None for d in days], chosen, dtype=object)
    )


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


def exclude_replaced(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Another check of this year takes the place of this one (特种设备安全监督检查办法第十七条)."""
    found = pd.Series(dtype=object)
    for rule in rules.exclusive:
        if not set(task.item_codes) & rule.excluded:
            continue
        done = rule.done[rule.done["day"].map(lambda d: d.year == task.window_from.year).astype(bool)]
        last = done.groupby("enterprise_code")["day"].max()
        rows = objects[objects["enterprise_code"].isin(last.index) & ~objects.index.isin(found.index)]
        when = rows["enterprise_code"].map(last).astype(str)
        found = pd.concat([found, "本年度已于 " + when + f" 实施{rule.name}，同一年度不再进行常规监督检查。"])
    return _all("exclusive_check", found)


def exclude_item_cap(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """One of the task's items has been checked there as often as its own cap allows (事项频次上限)."""
    found = pd.Series(dtype=object)
    for item in task.item_codes:
        cap = rules.item_caps.get(item)
        if cap is None:
            continue
        since = cap.counts_from(task.window_from)
        done = rules.item_checks[(rules.item_checks["item"] == item) & (rules.item_checks["day"] >= since)]
        counts = objects["enterprise_code"].map(done.groupby("enterprise_code").size()).fillna(0).astype(int)
        rows = counts.index[counts >= cap.most].difference(found.index)
        words = f"事项 {item} {cap.sentence}，已检查 " + counts[rows].astype(str) + " 次。"
        found = pd.concat([found, words.astype(object)])
    return _all("item_cap", found)


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
    exclude_replaced,
    exclude_recognised,
    exclude_item_cap,
    exclude_annual_cap,
    exclude_recently_visited,
)
"""In order: the first rule that holds gives the reason."""


def find_exclusions(objects: pd.DataFrame, task: PoolTask, rules: PoolRules) -> pd.DataFrame:
    """Columns reason, sentence and deadline, indexed by the rows of `objects` that are left out of the task."""
    left, found = objects, []
    for exclude in EXCLUSIONS:
        out = exclude(left, task, rules)
        found.append(out)
        left = left.loc[left.index.difference(out.index)]
    whole = pd.concat(found)
    deadline = whole["deadline"] if "deadline" in whole else pd.Series(None, whole.index, dtype=object)
    return whole.assign(deadline=deadline.astype(object).where(deadline.notna(), None))


def _all(reason: str, sentences: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"reason": pd.Series(reason, sentences.index, dtype=object), "sentence": sentences})
