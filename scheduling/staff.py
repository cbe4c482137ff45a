"""Inspectors for a plan (检查人员): who is certified, qualified, present and where, as known on its date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from registry.facts import as_of, read_frame
from registry.tables import (
    Inspector,
    InspectorCertificate,
    InspectorLeave,
    Office,
    RosterVersion,
    Visit,
    VisitMember,
)
from scheduling.ties import Tie

_CITY_LEVELS = ("市", "省")
_DIVISION = 6


@dataclass(frozen=True)
class Officer:
    """One active inspector with a certificate valid at some time in the window.

    `district` is the six-digit division he serves, None for the city's own, who serve anywhere.
    """

    staff_no: str
    department: str
    district: str | None
    certificate_from: date
    certificate_to: date
    qualifications: frozenset[str]
    leave: frozenset[date]
    ties: tuple[Tie, ...] = ()

    def works(self, day: date) -> bool:
        """Certified and not away on the day."""
        return self.certificate_from <= day <= self.certificate_to and day not in self.leave


def read_officers(
    connection: Connection,
    day: date,
    window_from: date,
    window_to: date,
    certificate: str,
    ties: Mapping[str, tuple[Tie, ...]] = MappingProxyType({}),
) -> list[Officer]:
    """Officers who can be sent in the window, by staff number; `ties` (ties.read_ties) say where they stand aside.

    A qualification counts if it is valid for the whole window; leave is cut to the window.
    """
    people = read_frame(connection, as_of(Inspector, day))
    people = people[people["active"].astype(bool)].sort_values("staff_no")
    papers = read_frame(connection, as_of(InspectorCertificate, day))
    badges = _badges(papers[papers["kind"] == certificate], window_from, window_to)
    whole = papers[(papers["valid_from"] <= window_from) & (papers["valid_to"] >= window_to)]
    held = _by_person(whole[whole["kind"] != certificate], "kind")
    away = _leave_days(read_frame(connection, as_of(InspectorLeave, day)), window_from, window_to)
    districts = _districts(read_frame(connection, as_of(Office, day)))
    return [
        Officer(
            staff_no=row.staff_no,
            department=row.department,
            district=districts.get(row.office),
            certificate_from=badges[row.staff_no][0],
            certificate_to=badges[row.staff_no][1],
            qualifications=frozenset(held.get(row.staff_no, ())),
            leave=frozenset(away.get(row.staff_no, ())),
            ties=ties.get(row.staff_no, ()),
        )
        for row in _rows(people)
        if row.staff_no in badges
    ]


def booked_days(connection: Connection, plan_id: int, first: date, last: date) -> dict[str, set[date]]:
    """Days on which people already go out for *other* plans' rosters in force (已派出勤), by staff number."""
    sent = (
        select(VisitMember.staff_no, Visit.visit_date)
        .join(Visit, Visit.id == VisitMember.visit_id)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .where(RosterVersion.plan_id != plan_id, RosterVersion.state != "superseded")
        .where(Visit.visit_date.between(first, last))
    )
    booked: dict[str, set[date]] = defaultdict(set)
    for row in connection.execute(sent):
        booked[row.staff_no].add(row.visit_date)
    return booked


def serves(officer: Officer, district: str, own_district: bool) -> bool:
    """May the officer visit an object in the district (属地管辖)?"""
    return not own_district or officer.district is None or officer.district == district


class Assistance:
    """Where colleagues of other districts may assist (异地协助), or chance would have nobody to choose from.

    That is a department's district whose own people and the city's are fewer than `choice` times a team, or, for
    a qualification, fewer than `choice` holders; there the department's other people, or holders, may go.
    """

    def __init__(self, officers: Sequence[Officer], team: int, choice: int, own_district: bool) -> None:
        self.officers, self.team, self.choice, self.own_district = officers, team, choice, own_district
        self._known: dict[tuple[str, str | None, str], bool] = {}

    def needed(self, department: str, qualification: str | None, district: str) -> bool:
        """Are there too few people in the district?"""
        key = (department, qualification, district)
        if key not in self._known:
            able = [
                officer
                for officer in self.officers
                if officer.department == department
                and serves(officer, district, self.own_district)
                and (qualification is None or qualification in officer.qualifications)
            ]
            self._known[key] = len(able) < self.choice * (self.team if qualification is None else 1)
        return self._known[key]

    def may_go(self, officer: Officer, district: str) -> bool:
        """May the officer visit objects in the district, at home or as assistance?"""
        if serves(officer, district, self.own_district):
            return True
        return any(self.needed(officer.department, q, district) for q in (None, *officer.qualifications))


def _badges(papers: pd.DataFrame, window_from: date, window_to: date) -> dict[str, tuple[date, date]]:
    """The certificate that lasts longest of those valid at some time in the window."""
    usable = papers[(papers["valid_to"] >= window_from) & (papers["valid_from"] <= window_to)]
    latest = usable.sort_values("valid_to").drop_duplicates("staff_no", keep="last")
    return {row.staff_no: (row.valid_from, row.valid_to) for row in _rows(latest)}


def _by_person(rows: pd.DataFrame, column: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for staff_no, value in zip(rows["staff_no"], rows[column], strict=True):
        found[staff_no].add(value)
    return found


def _leave_days(rows: pd.DataFrame, window_from: date, window_to: date) -> dict[str, set[date]]:
    away: dict[str, set[date]] = defaultdict(set)
    for row in _rows(rows):
        first, last = max(row.leave_from, window_from), min(row.leave_to, window_to)
        away[row.staff_no] |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return away


def _districts(offices: pd.DataFrame) -> dict[str, str]:
    """Office → district it serves; the city's own offices serve anywhere and are left out."""
    return {
        row.office: str(row.division)[:_DIVISION] for row in _rows(offices) if row.level not in _CITY_LEVELS
    }


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples()
