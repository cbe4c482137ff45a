"""Candidates (候选主体): for each open question the enterprises that it may mean, with score and why."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, text, update

from ingestion.matching.alike import CHUNK_NAMES, Shortlists
from ingestion.matching.numbers import near_numbers
from ingestion.matching.questions import PENDING
from ingestion.names import name_key
from ingestion.standing import stands
from registry import clock
from registry.facts import as_of
from registry.progress import Progress, silent
from registry.tables.enterprise import Enterprise
from registry.tables.match import MatchCandidate, MatchQuestion

QUESTIONS_AT_ONCE = 2_000
"""Questions searched for in one pass over the names."""
PASSES = 5
"""Passes in one call: after a file of nothing but strangers the next call goes on, nobody waits for hours."""
SHOWN = 5


@dataclass(frozen=True)
class Candidate:
    """One enterprise that a question may mean (候选)."""

    enterprise_code: str
    known_as: str
    score: float
    why: str


def propose_candidates(connection: Connection, progress: Progress = silent) -> int:
    """Search for every question that waits for a search; returns how many were. Commits block by block.

    A rejected or waiting question is opened again only if an enterprise is found that was not there before.
    Another process that searches at the same time is waited for. Killed, it goes on where it stopped.
    """
    if not _unsearched(connection, 1):
        return 0
    connection.execute(text("SELECT pg_advisory_lock(hashtext('match search'))"))
    connection.commit()
    searched = 0
    try:
        for done in range(PASSES):
            questions = _unsearched(connection, QUESTIONS_AT_ONCE)
            if not questions:
                break
            progress("为未识别的名称找候选主体", done / PASSES)
            found = search(connection, questions)
            for question in questions:
                _record(connection, question, found.get(question["id"], []))
            connection.commit()
            searched += len(questions)
        return searched
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(hashtext('match search'))"))
        connection.commit()


def search(connection: Connection, questions: list[RowMapping]) -> dict[int, list[Candidate]]:
    """Question → its candidates, best first: numbers nearly right, equal names, names alike."""
    numbers = near_numbers(connection, sorted({q["number"] for q in questions if q["number"]}))
    keys = sorted({q["name_key"] for q in questions if len(q["name_key"]) >= 2})
    shortlists = Shortlists(keys)
    if keys:
        for names in _all_names(connection):
            shortlists.add(names)
    names_alike = shortlists.best()
    codes = {code for each in numbers.values() for code, *_ in each}
    codes |= {code for each in names_alike.values() for _, _, code in each}
    present = _present_names(connection, codes)
    return {
        q["id"]: _merged([
            *(Candidate(*found) for found in numbers.get(q["number"], [])),
            *_by_name(q["name_key"], names_alike.get(q["name_key"], []), present),
        ])
        for q in questions
    }  # fmt: skip


def _unsearched(connection: Connection, many: int) -> list[RowMapping]:
    wanted = select(MatchQuestion.__table__).where(
        MatchQuestion.searched_at.is_(None), MatchQuestion.state.in_(PENDING)
    )
    ordered = wanted.order_by(MatchQuestion.state != "open", MatchQuestion.id)
    return list(connection.execute(ordered.limit(many)).mappings())


def _all_names(connection: Connection) -> Iterator[list[tuple[str, str]]]:
    """Chunks of (name key, enterprise_code) of every present and former name that counts."""
    names = text(
        f"SELECT alias, enterprise_code FROM enterprise_alias WHERE kind = 'name' AND {stands('batch_id')}"
    )
    options = {"stream_results": True, "max_row_buffer": CHUNK_NAMES}
    for part in connection.execute(names, execution_options=options).partitions(CHUNK_NAMES):
        yield [(row[0], row[1]) for row in part]


def _present_names(connection: Connection, codes: set[str]) -> dict[str, str]:
    """enterprise_code → the key of its present name."""
    known = as_of(Enterprise, clock.today()).subquery()
    named = select(known.c.enterprise_code, known.c.entname).where(known.c.enterprise_code.in_(sorted(codes)))
    return {code: name_key(name) for code, name in connection.execute(named)}


def _by_name(
    key: str, alike: Iterable[tuple[float, str, str]], present: dict[str, str]
) -> Iterator[Candidate]:
    for score, name, code in alike:
        what = "名称" if present.get(code, name) == name else "曾用名"
        yield Candidate(
            code,
            name,
            100.0 if name == key else min(score, 99.0),
            f"{what}{'相同' if name == key else '相近'}",
        )


def _merged(found: list[Candidate]) -> list[Candidate]:
    """Each enterprise once; evidence of several kinds adds up: what each leaves in doubt is multiplied."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(found, key=lambda c: -c.score):
        first = best.get(candidate.enterprise_code)
        if first is None:
            best[candidate.enterprise_code] = candidate
        elif candidate.why not in first.why:
            doubt = (100 - first.score) * (100 - candidate.score) / 100
            best[candidate.enterprise_code] = replace(
                first, score=round(100 - doubt, 1), why=f"{first.why}；{candidate.why}"
            )
    return sorted(best.values(), key=lambda c: (-c.score, c.enterprise_code))[:SHOWN]


def _record(connection: Connection, question: RowMapping, found: list[Candidate]) -> None:
    """A new round where the candidates are others than before; else only the time of the search."""
    codes = sorted(candidate.enterprise_code for candidate in found)
    signature = hashlib.sha256("|".join(codes).encode()).hexdigest()
    change: dict[str, Any] = {"searched_at": clock.now()}
    if signature != question["signature"]:
        before = select(MatchCandidate.enterprise_code).where(
            MatchCandidate.question_id == question["id"], MatchCandidate.round == question["round"]
        )
        fresh = set(codes) - set(connection.execute(before).scalars())
        number = question["round"] + 1
        change |= {"round": number, "signature": signature, "state": "open" if fresh else question["state"]}
        rows = [
            {"question_id": question["id"], "round": number, "rank": rank, **vars(candidate)}
            for rank, candidate in enumerate(found, start=1)
        ]
        if rows:
            connection.execute(insert(MatchCandidate), rows)
    connection.execute(update(MatchQuestion).where(MatchQuestion.id == question["id"]).values(**change))
