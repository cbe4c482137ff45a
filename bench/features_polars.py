"""72 indicators once more in polars (同一批指标的 polars 写法): the peer of bench.features, and an oracle of the tests.

Written as polars likes it: one lazy plan over all tables; each is filtered once to what was in force and then goes
through one `group_by` with many expressions; texts are Enum and are matched by their distinct values; nulls, not
NaN; joins by the key, once, of at most one row an enterprise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import polars as pl

from registry.rules import Rulebook
from risk.indicators.basic import DAYS_PER_MONTH, SMALLEST_PRIOR
from risk.indicators.catalogue import NAMES
from risk.indicators.dynamic import CHANGES
from risk.indicators.reputation import RARE
from risk.indicators.view import days_before
from risk.versions import EPOCH


@dataclass
class Peer:
    """The indicators of one day in one shape of plan: `flags_first` makes conditions columns before grouping."""

    tables: dict[str, pl.DataFrame]
    as_of: date
    book: Rulebook
    place: str
    flags_first: bool = False
    engine: str = "in-memory"

    @property
    def today(self) -> int:
        """`as_of` in days since 1970."""
        return (self.as_of - EPOCH).days

    def value(self, key: str) -> Any:
        """A rule in force."""
        return self.book.value(key, self.place, self.as_of)

    def since(self, key: str) -> int:
        """The day after which events count for an indicator."""
        return days_before(self.as_of, int(self.value(f"indicator.{key}")["months"]))

    def within(self, key: str, column: str) -> pl.Expr:
        """Events inside the window of an indicator."""
        return (pl.col(column) > self.since(key)) & (pl.col(column) <= self.today)

    def in_force(self, table: str) -> pl.LazyFrame:
        """What was known and is not superseded or withdrawn by the end of the day."""
        instant = datetime.combine(self.as_of, datetime.min.time()) + timedelta(days=1)
        superseded = (pl.col("superseded_at") < instant).fill_null(False)
        return self.tables[table].lazy().filter(
            (pl.col("known_at") < instant) & ~superseded & ~pl.col("retracted")
        )  # fmt: skip

    def mentions(self, table: str, column: str, words: Iterable[str]) -> pl.Expr:
        """Which texts contain one of the words: looked up among the distinct ones."""
        return self.among(table, column, "|".join(words))

    def among(self, table: str, column: str, pattern: str) -> pl.Expr:
        """Which texts of a column match a pattern."""
        kind: Any = self.tables[table][column].dtype
        found = kind.categories.filter(kind.categories.str.contains(pattern))
        return pl.col(column).is_in(found.cast(kind).implode()).fill_null(False)

    def grouped(self, frame: pl.LazyFrame, counts: dict[str, pl.Expr], others: list[pl.Expr]) -> pl.LazyFrame:
        """One row an enterprise: how often each condition holds, and other expressions."""
        if self.flags_first:
            frame = frame.with_columns(**{name: each.fill_null(False) for name, each in counts.items()})
            counts = {name: pl.col(name) for name in counts}
        return frame.group_by("key").agg(*(each.sum().alias(name) for name, each in counts.items()), *others)

    def matrix(self) -> np.ndarray:
        """Enterprises x indicators known here, in the order of the catalogue; NaN where unknown."""
        return self.frame().drop("key").to_numpy(order="c")

    def frame(self) -> pl.DataFrame:
        """`key` and the indicators as doubles, enterprises in the order of their codes."""
        parts = [self.cohort(), self.penalties(), self.listings(), self.serious(), self.checks(), self.filings(),
                 self.reports(), self.permits(), self.complaints(), self.premises()]  # fmt: skip
        joined: pl.LazyFrame = reduce(lambda left, right: left.join(right, on="key", how="left"), parts)
        frame = joined.with_columns(pl.col(COUNTED).fill_null(0))
        for step in (self.own, self.peers, self.relations):
            frame = step(frame)
        shown = [name for name in NAMES if name in KNOWN]
        return frame.sort("key").select("key", pl.col(shown).cast(pl.Float64).fill_null(float("nan"))).collect(
            engine=self.engine
        )  # fmt: skip

    def cohort(self) -> pl.LazyFrame:
        """Who is judged."""
        return self.in_force("enterprise").filter(
            pl.col("entkind").is_in(self.value("cohort.kinds")), pl.col("regstate").is_in(self.value("cohort.states"))
        )  # fmt: skip

    def penalties(self) -> pl.LazyFrame:
        """行政处罚."""
        live = (pl.col("cf_jdrq") <= self.today) & ~(pl.col("repaired_on") <= self.today).fill_null(False)
        conditions = {
            "pen_cnt_12": live, "pen_cnt_36": live,
            "pen_severe_cnt": live & self.mentions("penalty", "cf_cflb", self.value("indicator.severe_penalty_words")),
            "pen_suspension_cnt": live & self.mentions("penalty", "cf_cflb", self.value("indicator.suspension_words")),
            "pen_other_dept_cnt": live & (pl.col("department") != self.value("indicator.own_department")),
        }  # fmt: skip
        counts = {key: each & self.within(key, "cf_jdrq") for key, each in conditions.items()}
        counts["pen_trouble"] = live & self.within("lerep_bad_share", "cf_jdrq")
        amount = pl.col("cf_nr_fk").fill_null(0) + pl.col("cf_nr_wfff").fill_null(0)
        recent = live & self.within("pen_amount_log", "cf_jdrq")
        others = [
            pl.when(recent).then(amount).sum().alias("pen_amount"),
            pl.when(live).then("cf_jdrq").max().alias("pen_latest"),
        ]
        in_force = self.in_force("penalty")
        codes = len(self.tables["penalty"]["violation_code"].dtype.categories)  # type: ignore[attr-defined]
        kind = pl.coalesce(pl.col("violation_code").to_physical(), pl.col("cf_wfxw").to_physical() + codes)
        repeats = (
            in_force.filter(live & self.within("pen_same_type_repeat", "cf_jdrq"))
            .select("key", kind=kind).drop_nulls()
            .group_by("key", "kind").agg(pl.len() - 1)
            .group_by("key").agg(pen_same_type_repeat=pl.col("len").sum())
        )  # fmt: skip
        return self.grouped(in_force, counts, others).join(repeats, on="key", how="left")

    def listings(self) -> pl.LazyFrame:
        """经营异常名录."""
        start, end = pl.col("abntime"), pl.col("remdate")
        until = pl.min_horizontal(end.fill_null(self.today), self.today)
        counts = {
            "abn_now": self.listed(), "abn_cnt": self.within("abn_cnt", "abntime"),
            "abn_cause_unreachable": (pl.col("specause") == "4") & self.within("abn_cause_unreachable", "abntime"),
            "abn_cause_false": (pl.col("specause") == "3") & self.within("abn_cause_false", "abntime"),
        }  # fmt: skip
        days = (until - pl.max_horizontal(start, self.since("abn_days_total"))).clip(0)
        return self.grouped(self.in_force("abnormal_listing"), counts, [days.sum().alias("abn_days_total")])

    def serious(self) -> pl.LazyFrame:
        """严重违法失信名单."""
        counts = {"ser_now": self.listed(), "ser_hist": self.within("ser_hist", "abntime")}
        return self.grouped(self.in_force("serious_violation"), counts, [])

    def listed(self) -> pl.Expr:
        """On the list on the day."""
        return (pl.col("abntime") <= self.today) & ~(pl.col("remdate") <= self.today).fill_null(False)

    def checks(self) -> pl.LazyFrame:
        """抽查检查: in the order of their dates, so that the last of a group is the latest."""
        problem, when, measure = pl.col("problem"), pl.col("inspdate"), pl.col("measure")
        seen = problem.is_not_null()
        conditions = {
            "insp_cnt": seen, "insp_problem_cnt": problem, "insp_uncoop": pl.col("result_code") == "R06",
            "insp_false_info": pl.col("result_code") == "R03", "insp_rectify_cnt": pl.col("result_code") == "R05",
        }  # fmt: skip
        counts = {key: each & self.within(key, "inspdate") for key, each in conditions.items()}
        counts["peer_visits"] = seen & self.within("industry_problem_rate", "inspdate")
        counts["peer_problems"] = problem & self.within("industry_problem_rate", "inspdate")
        counts["check_trouble"] = problem & self.within("lerep_bad_share", "inspdate")
        past = when <= self.today
        scored = measure.is_not_null() & self.within("insp_mean_measure", "inspdate")
        others = [
            problem.filter(seen & self.within("insp_last_problem", "inspdate"))
            .last()
            .alias("insp_last_problem"),
            pl.when(seen & past).then(when).max().alias("last_seen"),
            pl.when(problem & past).then(when).max().alias("last_bad"),
            measure.filter(scored).last().alias("insp_last_measure"),
            pl.when(scored).then(measure).mean().alias("insp_mean_measure"),
            pl.when(scored).then(measure).min().alias("insp_worst_measure"),
        ]
        ordered = self.in_force("inspection_result").sort("inspdate", maintain_order=True)
        return self.grouped(ordered, counts, others)

    def filings(self) -> pl.LazyFrame:
        """变更与备案."""
        counts = {
            key: self.within(key, "altdate") & self.mentions("filing", "altitem", [words])
            for key, words in CHANGES.items()
        }
        counts["filing_overdue"] = self.within("filing_overdue", "altdate") & (
            pl.col("altdate") > pl.col("due_on")
        )
        in_force = self.in_force("filing")
        number = r"(\d+(?:\.\d+)?)"
        before, after = (
            pl.col(c).cast(pl.String).str.replace_all(",", "").str.extract(number).cast(pl.Float64) for c in ("altbe", "altaf")
        )  # fmt: skip
        capital = self.mentions("filing", "altitem", ["注册资本|出资额|资金数额"])
        jumps = (
            in_force.filter(self.within("cap_jump", "altdate") & capital)
            .filter((before > 0) & (after >= 2 * before))
            .group_by("key").agg(cap_jump=pl.len())
        )  # fmt: skip
        return self.grouped(in_force, counts, []).join(jumps, on="key", how="full", coalesce=True)

    def reports(self) -> pl.LazyFrame:
        """年报: the last of an enterprise is that of its latest year."""
        due = self.value("annual_report.deadline")
        year, submitted = pl.col("report_year"), pl.col("submitted_on")
        in_force = self.in_force("annual_report")
        of_last = ("submitted_on", "all_zero", "empnum", "insured")
        newest = [pl.col(c).get(year.arg_max()).alias(c) for c in of_last]
        years = self.due_years()
        amended = pl.when(self.within("ar_amend_cnt", "submitted_on") & (pl.col("amended") > 0)).then(
            "amended"
        )
        grouped = self.grouped(
            in_force, {f"filed_{y}": year == y for y in years},
            [*newest, year.max().alias("last_year"), amended.sum().alias("ar_amend_cnt")],
        )  # fmt: skip
        deadline = pl.date(pl.col("last_year").cast(pl.Int32) + 1, due["month"], due["day"]).cast(pl.Int32)
        late = (
            pl.when(self.within("ar_late_days", "submitted_on"))
            .then((submitted - deadline).clip(0))
            .otherwise(0)
        )
        return grouped.select(
            "key", *(f"filed_{y}" for y in years), "ar_amend_cnt", late.alias("ar_late_days"),
            pl.col("all_zero").fill_null(False).alias("ar_all_zero"),
            ((pl.col("empnum") > 0) & (pl.col("insured") == 0)).fill_null(False).alias("social_ins_zero"),
        )  # fmt: skip

    def due_years(self) -> list[int]:
        """Report years due inside the window."""
        due = self.value("annual_report.deadline")
        passed = self.as_of > date(self.as_of.year, due["month"], due["day"])
        newest = self.as_of.year - (1 if passed else 2)
        first = self.in_force("annual_report").select(pl.col("report_year").min()).collect().item()
        months = int(self.value("indicator.ar_missing_cnt")["months"])
        return list(range(max(newest - months // 12 + 1, first), newest + 1))

    def permits(self) -> pl.LazyFrame:
        """行政许可."""
        ends, valid = pl.col("xk_yxqzi"), pl.col("xk_zt") == "1"
        over = (ends < self.today).fill_null(False)
        current = valid & ~over
        soon = current & (ends <= self.today + self.value("indicator.lic_expiring")["days"])
        in_force = self.in_force("permit")
        held = in_force.filter(current).select("key", "xk_xkzs")
        expired = in_force.filter(valid & over & (ends > self.since("lic_expired"))).select("key", "xk_xkzs")
        unrenewed = expired.join(held, on=["key", "xk_xkzs"], how="anti", nulls_equal=True)
        counts = {"lic_cnt": current, "lic_expiring": soon, "lic_invalid_cnt": pl.col("xk_zt") == "2"}
        return self.grouped(in_force, counts, []).join(
            unrenewed.group_by("key").agg(lic_expired=pl.len()), on="key", how="left"
        )  # fmt: skip

    def complaints(self) -> pl.LazyFrame:
        """投诉举报."""
        received = pl.col("received_on")
        open_still = ~(pl.col("closed_on") <= self.today).fill_null(False)
        patience = self.value("indicator.complaint_open_cnt")["days"]
        counts = {
            "complaint_cnt": self.within("complaint_cnt", "received_on"),
            "report_cnt": self.within("report_cnt", "received_on") & (pl.col("kind") == "举报"),
            "complaint_verified_cnt": self.within("complaint_verified_cnt", "received_on") & pl.col("verified"),
            "complaint_open_cnt": self.within("complaint_open_cnt", "received_on") & open_still & (received < self.today - patience),
        }  # fmt: skip
        return self.grouped(self.in_force("complaint"), counts, [])

    def premises(self) -> pl.LazyFrame:
        """经营场所."""
        return self.in_force("premises").group_by("key").agg(premises_cnt=pl.len())

    def own(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """What follows from an enterprise's own row."""
        c, today = pl.col, self.today
        years = self.due_years()
        first_due = {y: (date(y + 1, 1, 1) - EPOCH).days for y in years}
        due = [
            (c(f"filed_{y}").fill_null(0) == 0) & (c("estdate") < first_due[y]).fill_null(False)
            for y in years
        ]
        prior = self.value("indicator.insp_problem_share")
        few = prior["prior_visits"]
        longest_bad = float(self.value("indicator.months_since_problem")["full"])
        longest_pen = float(self.value("indicator.pen_recency_days")["full"])
        needs = self.mentions("enterprise", "opscope", self.value("indicator.permit_scope_words"))
        key_industries = f"^[A-T]*({'|'.join(self.value('indicator.key_industries'))})"
        paid = pl.when(c("regcap") > 0).then((c("reccap") / c("regcap")).clip(0, 1))
        return frame.with_columns(
            is_individual=c("entkind") == "3", is_cooperative=c("entkind") == "2", is_scaled=c("scaled"),
            in_dormancy=c("regstate") == "歇业", reg_revoked=c("regstate") == "吊销",
            age_months=((today - c("estdate")) / DAYS_PER_MONTH).floor(),
            within_3m_of_setup=(c("estdate") > self.since("within_3m_of_setup")).fill_null(False),
            term_expired=(c("opto") < today).fill_null(False),
            is_key_industry=self.among("enterprise", "industryco", key_industries),
            reg_cap_log=c("regcap").clip(0).log1p(), paid_in_ratio=paid, employees_log=c("empnum").clip(0).log1p(),
            scope_has_permit_item=needs, permit_missing=needs & (c("lic_cnt") == 0),
            ar_missing_cnt=pl.sum_horizontal(due) if due else pl.lit(0),
            pen_amount_log=c("pen_amount").fill_null(0).log1p(),
            pen_recency_days=(today - c("pen_latest")).cast(pl.Float64).fill_null(longest_pen).clip(upper_bound=longest_pen),
            abn_in_now=c("abn_now") > 0, ser_in_now=c("ser_now") > 0,
            insp_problem_share=(c("insp_problem_cnt") + few * prior["prior_rate"]) / (c("insp_cnt") + few),
            insp_last_problem=c("insp_last_problem").fill_null(False),
            months_since_insp=((today - c("last_seen")) / DAYS_PER_MONTH).floor(),
            months_since_problem=((today - c("last_bad")) / DAYS_PER_MONTH).floor().fill_null(longest_bad).clip(upper_bound=longest_bad),
            trouble=(c("pen_trouble") + c("check_trouble") + c("abn_now") + c("ser_now")) > 0,
        )  # fmt: skip

    def peers(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Rates of the industry and of industry x district x permit, and complaints against the industry."""
        c, prior = pl.col, float(self.value("grade.no_history.prior_visits"))
        whole = (c("peer_problems").sum() + SMALLEST_PRIOR[0]) / (c("peer_visits").sum() + SMALLEST_PRIOR[1])
        pair = self.tables["enterprise"].lazy().select("industryphy", "industryco").unique()
        named = pair.with_columns(industry=pl.concat_str(
            c("industryphy").cast(pl.String).fill_null(""),
            c("industryco").cast(pl.String).fill_null("").str.strip_chars_start("ABCDEFGHIJKLMNOPQRST").str.head(2),
        ).rank("dense"))  # fmt: skip
        frame = frame.join(named, on=["industryphy", "industryco"], how="left", nulls_equal=True)
        frame = frame.with_columns(holds=c("lic_cnt") > 0, industry_problem_rate=whole)
        frame = _rate(frame, ["industry"], "industry_problem_rate", "industry_problem_rate", prior)
        frame = _rate(frame, ["industry", "domdistrict"], "industry_problem_rate", "district_rate", prior)
        frame = _rate(
            frame, ["industry", "domdistrict", "holds"], "district_rate", "peer_problem_rate", prior
        )
        mean = c("complaint_cnt").mean().over("industry")
        return frame.with_columns(complaint_rate_vs_industry=c("complaint_cnt") / (mean + RARE))

    def relations(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Others with the same representative, telephone or address, and the share of them in trouble."""
        for column, name in (("lerep", "lerep"), ("tel_hash", "phone"), ("dom", "addr")):
            together = frame.filter(pl.col(column).is_not_null()).group_by(column).agg(
                members=pl.len().cast(pl.Int64) - 1, bad=pl.col("trouble").sum().cast(pl.Int64)
            )  # fmt: skip
            others_bad = (pl.col("bad") - pl.col("trouble").cast(pl.Int64)) / pl.col("members")
            share = pl.when(pl.col("members") > 0).then(others_bad).otherwise(0.0)
            frame = frame.join(together, on=column, how="left").with_columns(
                pl.col("members").fill_null(0).alias(f"{name}_ent_cnt"), share.fill_null(0).alias(f"{name}_bad_share")
            ).drop("members", "bad")  # fmt: skip
        return frame


def _rate(frame: pl.LazyFrame, group: list[str], above: str, name: str, prior: float) -> pl.LazyFrame:
    found, seen = pl.col("peer_problems").sum().over(group), pl.col("peer_visits").sum().over(group)
    return frame.with_columns(((found + prior * pl.col(above)) / (seen + prior)).alias(name))


COUNTED = (
    "pen_cnt_12", "pen_cnt_36", "pen_severe_cnt", "pen_suspension_cnt", "pen_other_dept_cnt", "pen_same_type_repeat",
    "pen_trouble", "abn_now", "abn_cnt", "abn_cause_unreachable", "abn_cause_false", "abn_days_total", "ser_now", "ser_hist",
    "insp_cnt", "insp_problem_cnt", "insp_uncoop", "insp_false_info", "insp_rectify_cnt", "peer_visits", "peer_problems",
    "check_trouble", *CHANGES, "cap_jump", "filing_overdue", "ar_amend_cnt", "ar_late_days", "ar_all_zero", "social_ins_zero",
    "lic_cnt", "lic_expiring", "lic_expired", "lic_invalid_cnt", "complaint_cnt", "report_cnt", "complaint_verified_cnt",
    "complaint_open_cnt", "premises_cnt",
)  # fmt: skip
"""0, not unknown, where an enterprise has no row."""
DERIVED = (
    "is_individual", "is_cooperative", "is_branch", "is_scaled", "age_months", "within_3m_of_setup",
    "is_key_industry", "industry_problem_rate", "peer_problem_rate", "reg_cap_log", "paid_in_ratio",
    "employees_log", "term_expired", "scope_has_permit_item", "permit_missing", "in_dormancy",
    "reg_revoked", "ar_missing_cnt", "pen_amount_log", "pen_recency_days", "abn_in_now", "ser_in_now",
    "insp_problem_share", "insp_last_problem", "insp_last_measure", "insp_mean_measure",
    "insp_worst_measure", "months_since_insp", "months_since_problem", "lerep_ent_cnt",
    "lerep_bad_share", "phone_ent_cnt", "phone_bad_share", "addr_ent_cnt", "addr_bad_share",
    "complaint_rate_vs_industry",
)  # fmt: skip
KNOWN = frozenset(COUNTED) | frozenset(DERIVED)
"""Indicators of the catalogue written here, and a few sums on the way to them."""
