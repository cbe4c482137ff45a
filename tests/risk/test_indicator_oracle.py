"""An oracle: indicators counted again from the raw rows, one enterprise and one row at a time, in plain Python."""

import calendar
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from registry.database import Database
from registry.rules import Rulebook
from risk.indicators import FeatureFrame, features
from tests.risk.conftest import AS_OF
from tests.risk.town import PLACE, Rows

DAYS = (AS_OF, date(2024, 7, 1))
BAD_OUTCOMES = ("未履行", "承诺不实")


def back(day: date, months: int) -> date:
    """The same day `months` earlier, or the last of a shorter month."""
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Registry:
    """The raw rows as known on a day."""

    def __init__(self, rows: Rows, day: date, book: Rulebook) -> None:
        self.rows, self.day, self.book = rows, day, book
        judged = [r for r in self.known("enterprise") if r["regstate"] in ("存续", "歇业", "吊销")]
        self.enterprises = {
            r["enterprise_code"]: r for r in sorted(judged, key=lambda r: r["enterprise_code"])
        }
        self.old_numbers = {r.get("regno"): code for code, r in self.enterprises.items()}

    def known(self, table: str) -> list[dict[str, Any]]:
        """Of each record the last version known by the end of the day, withdrawn ones left out."""
        end, latest = datetime.combine(self.day + timedelta(days=1), time()), {}
        for row in self.rows[table]:
            held = latest.get(row["natural_key"])
            if row["known_at"] < end and (held is None or row["known_at"] >= held["known_at"]):
                latest[row["natural_key"]] = row
        return [row for row in latest.values() if not row["retracted"]]

    def of(self, table: str, code: str) -> list[dict[str, Any]]:
        """Known rows about one enterprise."""
        return [row for row in self.known(table) if row["enterprise_code"] == code]

    def inside(self, key: str, day: date | None) -> bool:
        """In the window of an indicator."""
        months = self.book.value(f"indicator.{key}", PLACE, self.day)["months"]
        return day is not None and back(self.day, months) < day <= self.day

    def over(self, day: date | None) -> bool:
        """Past or today."""
        return day is not None and day <= self.day

    def trouble(self, code: str, key: str) -> bool:
        """A live penalty, a problem found in the window, or on a list now."""
        punished = any(
            self.inside(key, p["cf_jdrq"]) and not self.over(p["repaired_on"])
            for p in self.of("penalty", code)
        )
        found = any(
            c["problem"] and self.inside(key, c["inspdate"]) for c in self.of("inspection_result", code)
        )
        entries = self.of("abnormal_listing", code) + self.of("serious_violation", code)
        return (
            punished or found or any(self.over(e["abntime"]) and not self.over(e["remdate"]) for e in entries)
        )

    def relations(self) -> list[dict[str, Any]]:
        """Relations of judged enterprises in force, with the party each names."""
        found = []
        for row in self.known("relation"):
            begun = row["date_from"] is None or row["date_from"] <= self.day
            other = self.old_numbers.get(row["other_code"], row["other_code"])
            party = other or row["person_key"]
            held = begun and not self.over(row["date_to"]) and row["enterprise_code"] in self.enterprises
            if held and party and party != row["enterprise_code"]:
                found.append({**row, "party": party})
        return found


def live(registry: Registry, code: str, kind: str) -> list[dict[str, Any]]:
    """Cases of a kind that stand."""
    return [
        c for c in registry.of("judicial_signal", code)
        if c["kind"] == kind and registry.over(c["happened_on"]) and not registry.over(c["ended_on"])
        and (c["ended_on"] is not None or c["state"] == "有效") and (c["valid_to"] is None or c["valid_to"] >= registry.day)
    ]  # fmt: skip


def executed_cnt(registry: Registry, code: str) -> float:
    return sum(registry.inside("executed_cnt", c["happened_on"]) for c in live(registry, code, "被执行人"))


def equity_frozen(registry: Registry, code: str) -> float:
    return float(bool(live(registry, code, "股权冻结")))


def promise_breach_cnt(registry: Registry, code: str) -> float:
    last: dict[str, dict[str, Any]] = {}
    for check in sorted(
        registry.of("commitment_check", code), key=lambda c: (c["checked_on"], c["natural_key"])
    ):
        if registry.inside("promise_breach_cnt", check["checked_on"]):
            last[check["commitment_no"]] = check
    return sum(c["outcome"] in BAD_OUTCOMES and not registry.over(c["mended_on"]) for c in last.values())


def tax_grade(registry: Registry, code: str) -> float:
    graded = [t for t in registry.of("tax_signal", code)
              if t["tax_grade"] and registry.inside("tax_grade", t["happened_on"])]  # fmt: skip
    if not graded:
        return float("nan")
    return 5.0 - "ABMCD".index(max(graded, key=lambda t: t["happened_on"])["tax_grade"])


def cert_valid_cnt(registry: Registry, code: str) -> float:
    return sum(
        h["kind"] in ("体系认证", "自愿认证") and h["active"] and h["awarded_on"] <= registry.day
        and (h["valid_to"] is None or h["valid_to"] >= registry.day)
        for h in registry.of("honour", code)
    )  # fmt: skip


def insp_rectify_overdue(registry: Registry, code: str) -> float:
    return sum(
        registry.inside("insp_rectify_overdue", c["rectify_due"]) and c["rectify_due"] < registry.day
        and not registry.over(c["rectified_on"])
        for c in registry.of("inspection_result", code)
    )  # fmt: skip


def addr_negative_list(registry: Registry, code: str) -> float:
    here = registry.enterprises[code]["dom"].replace(" ", "")
    return float(any(
        a["address_key"] == here and registry.over(a["listed_on"]) and not registry.over(a["removed_on"])
        for a in registry.known("address_negative")
    ))  # fmt: skip


def waiver_cnt(registry: Registry, code: str) -> float:
    mine = {p["id"] for p in registry.rows["waiver_proposal"] if p["enterprise_code"] == code}
    return sum(
        d["waived"] and d["proposal_id"] in mine and registry.inside("waiver_cnt", d["decided_at"].date())
        for d in registry.rows["waiver_decision"]
    )  # fmt: skip


def _children(registry: Registry, code: str, down: str, up: str) -> set[str]:
    found = {r["party"] for r in registry.relations() if r["enterprise_code"] == code and r["kind"] == down}
    found |= {r["enterprise_code"] for r in registry.relations() if r["party"] == code and r["kind"] == up}
    return {child for child in found if child in registry.enterprises and child != code}


def invest_bad_cnt(registry: Registry, code: str) -> float:
    return sum(registry.trouble(c, "invest_bad_cnt") for c in _children(registry, code, "对外投资", "股东"))


def branch_bad_cnt(registry: Registry, code: str) -> float:
    children = _children(registry, code, "分支机构", "隶属企业")
    children |= {c for c, r in registry.enterprises.items() if r.get("parent_code") == code and c != code}
    return sum(registry.trouble(c, "branch_bad_cnt") for c in children)


def shareholder_bad_ratio(registry: Registry, code: str) -> float:
    holders: dict[str, set[str]] = defaultdict(set)
    for r in registry.relations():
        if r["kind"] == "股东":
            holders[r["party"]].add(r["enterprise_code"])
        elif r["kind"] == "对外投资" and r["party"] in registry.enterprises:
            holders[r["enterprise_code"]].add(r["party"])
    others = [
        other for party, owned in holders.items() if code in owned
        for other in (owned | ({party} & registry.enterprises.keys())) - {code}
    ]  # fmt: skip
    return sum(registry.trouble(o, "shareholder_bad_ratio") for o in others) / len(others) if others else 0.0


def same_agent_ent_cnt(registry: Registry, code: str) -> float:
    served: dict[str, set[str]] = defaultdict(set)
    for r in registry.relations():
        if r["kind"] == "同一代办" or (r["kind"] == "主要人员" and "联络员" in (r["role"] or "")):
            served[r["party"]].add(r["enterprise_code"])
    return sum(len(many) - 1 for many in served.values() if code in many)


def controller_multi_region(registry: Registry, code: str) -> float:
    held: dict[str, set[str]] = defaultdict(set)
    for r in registry.relations():
        if r["kind"] == "实际控制人" or (r["kind"] == "股东" and (r["share"] or 0) >= 50):
            held[r["party"]].add(r["enterprise_code"])
    people, home = registry.enterprises, registry.enterprises[code]["domdistrict"]
    return sum(
        registry.inside("controller_multi_region", people[o]["estdate"]) and people[o]["domdistrict"] != home
        for many in held.values() if code in many for o in many - {code}
    )  # fmt: skip


SLOW = (
    executed_cnt, equity_frozen, promise_breach_cnt, tax_grade, cert_valid_cnt, insp_rectify_overdue, addr_negative_list,
    waiver_cnt, invest_bad_cnt, branch_bad_cnt, shareholder_bad_ratio, same_agent_ent_cnt, controller_multi_region,
)  # fmt: skip


@pytest.fixture(scope="module", params=DAYS, ids=str)
def told(
    request: pytest.FixtureRequest, suburb_database: Database, suburb_rows: Rows, book: Rulebook
) -> tuple[FeatureFrame, Registry]:
    """The fast frame and the raw rows of one day; what a day knows is looked up once."""
    with suburb_database.owner().connect() as connection:
        frame = features(connection, request.param, PLACE)
    registry = Registry(suburb_rows, request.param, book)
    return frame, Remembering(registry)


class Remembering(Registry):
    """The same, each question answered once: plain Python is slow enough."""

    def __init__(self, registry: Registry) -> None:
        self.__dict__.update(registry.__dict__)
        self._about: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._bad: dict[tuple[str, str], bool] = {}
        self._relations = registry.relations()

    def of(self, table: str, code: str) -> list[dict[str, Any]]:
        if table not in self._about:
            self._about[table] = defaultdict(list)
            for row in self.known(table):
                self._about[table][row["enterprise_code"]].append(row)
        return self._about[table][code]

    def trouble(self, code: str, key: str) -> bool:
        if (code, key) not in self._bad:
            self._bad[code, key] = super().trouble(code, key)
        return self._bad[code, key]

    def relations(self) -> list[dict[str, Any]]:
        return self._relations


@pytest.mark.parametrize("slow", SLOW, ids=lambda slow: slow.__name__)
def test_the_slow_way_gives_the_same(told: tuple[FeatureFrame, Registry], slow: Any) -> None:
    frame, registry = told
    assert list(frame.codes) == list(registry.enterprises)
    expected = [slow(registry, code) for code in registry.enterprises]
    assert frame[slow.__name__].tolist() == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert len({*map(str, expected)}) > 1 or frame.as_of != AS_OF, "an oracle of a constant proves nothing"


def test_every_walk_counted_one_by_one(told: tuple[FeatureFrame, Registry]) -> None:
    """The graph: from each enterprise every walk of one to three steps, those that come home left out."""
    frame, registry = told
    setting = registry.book.value("indicator.graph_risk_pagerank", PLACE, registry.day)
    steps = _steps(registry, setting["weights"], setting["largest"])
    worth = [setting["damping"] ** k for k in range(1, setting["steps"] + 1)]
    expected = []
    for code in registry.enterprises:
        at, total = {code: 1.0}, 0.0
        for each in worth:
            reached: dict[str, float] = defaultdict(float)
            for here, chance in at.items():
                for there, part in steps[here].items():
                    reached[there] += chance * part
            at = reached
            bad = (
                p
                for other, p in at.items()
                if other != code and registry.trouble(other, "graph_risk_pagerank")
            )
            total += each * sum(bad)
        expected.append(total / sum(worth))
    # Weights are rounded down to 2^-18: at most that for each neighbour and step.
    assert frame["graph_risk_pagerank"].tolist() == pytest.approx(expected, abs=5e-4)
    assert max(expected) > 0.1


def _steps(registry: Registry, weights: dict[str, float], largest: int) -> dict[str, dict[str, float]]:
    groups: dict[str, dict[str, float]] = defaultdict(dict)

    def join(group: str, code: str, weight: float) -> None:
        groups[group][code] = max(weight, groups[group].get(code, 0))

    for r in registry.relations():
        join(f"party {r['party']}", r["enterprise_code"], weights[r["kind"]])
        if r["party"] in registry.enterprises:
            join(f"party {r['party']}", r["party"], max(weights.values()))
    for code, e in registry.enterprises.items():
        for kind, column in (("法定代表人", "lerep"), ("同一电话", "tel_hash"), ("同一住所", "dom")):
            if e[column]:
                join(f"{column} {e[column]}", code, weights[kind])
    groups = {name: many for name, many in groups.items() if 2 <= len(many) <= largest}
    total: dict[str, float] = defaultdict(float)
    for many in groups.values():
        for code, weight in many.items():
            total[code] += weight
    steps: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for many in groups.values():
        for code, weight in many.items():
            for other in many.keys() - {code}:
                steps[code][other] += weight / total[code] / (len(many) - 1)
    return steps
