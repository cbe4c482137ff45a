"""Layout (表的布局): which column plays which role, how the others are read, and a table as numbers by it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from registry.errors import Refusal
from risk import metrics
from risk.archive import FloatArray, Texts
from risk.outside.columns import Column, Dropped, clock, column_from_json, plan_columns, read_time
from risk.outside.encoding import Prepared
from risk.outside.history import Events, earlier, history_names
from risk.outside.label import Label, read_label
from risk.outside.reading import Table

COPY_AUC = 0.995
"""In an event table a column of the same row that ranks the outcome like this was written down with it."""
MEASURES = 40
"""So many columns of earlier rows become history; outcomes come first."""


@dataclass(frozen=True)
class Roles:
    """Columns named by whoever asks. outcomes: known only with the label; only later rows of the id may use them."""

    label: str
    positive: str | None = None
    time: str | None = None
    group: str | None = None
    offset: str | None = None
    id: str | None = None
    outcomes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def named(self) -> list[str]:
        """All columns that must be there."""
        single = [self.label, self.time, self.group, self.offset, self.id]
        return [name for name in single if name] + list(self.outcomes) + list(self.left_out)


@dataclass(frozen=True)
class Layout:
    """Everything that turns a table into numbers, apart from what is fitted."""

    roles: Roles
    positive: str
    columns: tuple[Column, ...]
    past: tuple[Column, ...]
    """Columns whose earlier values are history: outcomes, and numbers of the rows themselves."""
    clock: Column | None
    events: bool

    def words(self) -> tuple[str, ...]:
        """Columns of categories; the group is one where time separates training from test."""
        own = tuple(c.name for c in self.columns if c.kind == "category")
        return (*own, self.roles.group) if self.roles.group and self.clock else own

    def sources(self) -> tuple[tuple[str, str], ...]:
        """(source column, what it holds) of the number columns that `prepare` makes."""
        own = [(c.name, "") for c in self.columns if c.kind != "category"]
        return (*own, *(history_names([c.name for c in self.past]) if self.events else ()))

    def when(self, table: Table) -> FloatArray | None:
        """Time of each row, where the table has one."""
        return None if self.clock is None else clock(table, self.clock)

    def prepare(
        self, table: Table, problem: FloatArray, group_rates: dict[str, float] | None = None
    ) -> Prepared:
        """The table as numbers and words. group_rates: as training left them, for scoring."""
        self._demand(table)
        when = self.when(table)
        as_days = None if self.clock is None or self.clock.kind != "date" else when
        parts = [c.read(table.column(c.name), as_days) for c in self.columns if c.kind != "category"]
        matrix = np.column_stack(parts) if parts else np.zeros((len(table), 0))
        if self.events:
            matrix = np.column_stack([matrix, earlier(self.as_events(table, problem), group_rates)])
        names = tuple(" · ".join(part for part in source if part) for source in self.sources())
        return Prepared(names, matrix, {name: table.column(name) for name in self.words()})

    def as_events(self, table: Table, problem: FloatArray) -> Events:
        """The rows as events. Rows without an id are strangers to each other."""
        when = self.when(table)
        if when is None or self.roles.id is None:
            raise ValueError("a layout of events has a time and an id")
        measures = {c.name: c.read(table.column(c.name), None) for c in self.past}
        return Events(
            own_ids(table, self.roles.id), group_of(table, self.roles.group), when, problem, measures
        )

    def _demand(self, table: Table) -> None:
        """Raise Refusal table.no_column for anything that scoring needs and the table has not."""
        needed = [c.name for c in (*self.columns, *(self.past if self.events else ()))]
        if self.events and self.roles.id:
            needed += [self.roles.id, self.roles.label]
        for name in (*needed, *self.words(), *([self.clock.name] if self.clock else [])):
            table.column(name)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the model file."""
        return asdict(self)


def layout_from_json(entry: dict[str, Any]) -> Layout:
    """The inverse of `Layout.to_json`."""
    roles = Roles(**entry["roles"] | {k: tuple(entry["roles"][k]) for k in ("outcomes", "left_out")})
    columns, past = (tuple(column_from_json(c) for c in entry[k]) for k in ("columns", "past"))
    known = column_from_json(entry["clock"]) if entry["clock"] else None
    return Layout(roles, entry["positive"], columns, past, known, entry["events"])


@dataclass(frozen=True)
class LaidOut:
    """A table with its layout, its label, what was left out and what was done to it."""

    table: Table
    layout: Layout
    label: Label
    dropped: tuple[Dropped, ...]
    notes: list[str] = field(default_factory=list)


def lay_out(table: Table, roles: Roles) -> LaidOut:
    """Read the roles, drop rows without a time, decide on columns. Raises Refusal table.*, label.*, time.*, roles.*."""
    _refuse_doubles(roles)
    for name in roles.named():
        table.column(name)
    notes = list(table.notes)
    known_clock = None
    if roles.time:
        when, known_clock = read_time(table, roles.time)
        if (lost := int(np.isnan(when).sum())) > 0:
            notes.append(f"{lost} 行没有时间，未使用。")
            table = table.where(~np.isnan(when))
    label = read_label(table, roles.label, roles.positive)
    notes.append(label.how)
    events = bool(roles.time and roles.id) and _repeated(table.column(str(roles.id)))
    unlabelled = int(np.isnan(label.problem).sum())
    if unlabelled:
        notes.append(f"{unlabelled} 行没有标签，{'只作为历史' if events else '不参与训练和检验'}。")
    plan = plan_columns(table, [n for n in roles.named() if n not in roles.outcomes], roles.outcomes)
    notes += plan.notes
    layout = Layout(roles, label.positive, plan.columns, (), known_clock, events)
    layout, dropped = _settle_outcomes(layout, table, label.problem, notes)
    if not layout.columns and not layout.events:
        raise Refusal("table.no_features", "没有可用于学习的列。", "请核对表中除标签外还有哪些列。")
    left_out = [Dropped(name, "由 --leave-out 指定") for name in roles.left_out]
    return LaidOut(table, layout, label, (*left_out, *plan.dropped, *dropped), notes)


def own_ids(table: Table, name: str) -> Texts:
    """Ids, each empty one a different stranger."""
    ids = table.column(name)
    strangers = np.array([f"\0{row}" for row in table.rows], dtype=object)
    return np.where(ids == "", strangers, ids)


def group_of(table: Table, name: str | None) -> Texts:
    """The group of each row; "" without one, or where the table to be scored has none."""
    return table.columns[name] if name and name in table.columns else np.full(len(table), "", dtype=object)


def _refuse_doubles(roles: Roles) -> None:
    named = roles.named()
    double = sorted({name for name in named if named.count(name) > 1} - {roles.group or ""})
    if double:
        raise Refusal("roles.double", f"“{'、'.join(double)}”被指定了两种用途。", "每列只能有一种用途。")


def _repeated(ids: Texts) -> bool:
    known = ids[ids != ""]
    return len(np.unique(known.astype(str))) < len(known)


def _settle_outcomes(
    layout: Layout, table: Table, problem: FloatArray, notes: list[str]
) -> tuple[Layout, list[Dropped]]:
    """Outcomes leave the row's own columns; in an event table so do columns that copy the label, and that is said."""
    outcomes = set(layout.roles.outcomes)
    if layout.events:
        copies = {c.name for c in layout.columns if c.name not in outcomes and _copies(c, table, problem)}
        notes += [f"“{name}”几乎等于本行的标签，只用它以前各行的值。" for name in sorted(copies)]
        outcomes |= copies
    after = [c for c in layout.columns if c.name in outcomes]
    own = tuple(c for c in layout.columns if c.name not in outcomes)
    usable = [c for c in after if layout.events and c.kind != "category"]
    dropped = [Dropped(c.name, "与结论同时产生，本行不能使用") for c in after if c not in usable]
    past = (*usable, *(c for c in own if c.kind in ("number", "flag")))[:MEASURES] if layout.events else ()
    return replace(layout, columns=own, past=tuple(past)), dropped


def _copies(column: Column, table: Table, problem: FloatArray) -> bool:
    rows = ~np.isnan(problem)
    value = alone(column, table.where(rows), problem[rows])
    return max(value, 1 - value) > COPY_AUC


def alone(column: Column, table: Table, problem: FloatArray) -> float:
    """AUC of one column by itself on labelled rows, unknown lowest; a category by the rate of its values, each row's
    own outcome left out."""
    texts = table.column(column.name)
    if column.kind == "category":
        _, code = np.unique(texts.astype(str), return_inverse=True)
        rows, found = np.bincount(code), np.bincount(code, problem)
        overall = problem.mean()
        return metrics.auc((found[code] - problem + overall) / rows[code], problem)
    values = column.read(texts, None)
    return metrics.auc(
        np.nan_to_num(values, nan=np.nanmin(values) - 1 if (~np.isnan(values)).any() else 0), problem
    )
