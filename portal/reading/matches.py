"""Names that wait for a person (待认领名称), with their candidates side by side, for officers."""

from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, text

from ingestion.names import name_key
from ingestion.standing import stands
from portal.reading.batches import Page
from registry import clock
from registry.facts import as_of
from registry.scope import not_yours
from registry.tables.enterprise import Enterprise
from registry.tables.match import MatchCandidate, MatchDecision, MatchQuestion

PAGE = 50
STATES = {
    "open": "待认领",
    "accepted": "已认领",
    "rejected": "都不是",
    "waiting": "等新设主体",
    "known": "已登记",
}
_WAITING = f"""(SELECT count(*) FROM match_row w WHERE w.question_id = match_question.id
  AND {stands("w.batch_id")} AND (w.brought_in_by IS NULL OR NOT {stands("w.brought_in_by")}))"""

Parts = list[tuple[str, bool]]
"""A text in parts; True where it differs from the other."""


def question_page(connection: Connection, dataset: str = "", state: str = "open", page: int = 1) -> Page:
    """Questions of a dataset in a state, those that hold most rows first, each with its best candidate."""
    question = MatchQuestion.__table__
    best = (
        select(MatchCandidate.enterprise_code, MatchCandidate.known_as, MatchCandidate.score, MatchCandidate.why)
        .where(MatchCandidate.question_id == question.c.id, MatchCandidate.round == question.c.round,
               MatchCandidate.rank == 1)
        .lateral("best")
    )  # fmt: skip
    wanted = select(question, best, text(f"{_WAITING} AS waiting")).select_from(
        question.outerjoin(best, text("true"))
    )
    counted = select(func.count()).select_from(question)
    for column, value in ((question.c.dataset, dataset), (question.c.state, state)):
        if value:
            wanted, counted = wanted.where(column == value), counted.where(column == value)
    total = connection.execute(counted).scalar_one()
    ordered = wanted.order_by(text("waiting DESC"), question.c.id).limit(PAGE).offset((page - 1) * PAGE)
    return Page(list(connection.execute(ordered).mappings()), total, page, PAGE)


def state_counts(connection: Connection) -> dict[str, int]:
    """State → how many questions."""
    counted = select(MatchQuestion.state, func.count()).group_by(MatchQuestion.state)
    return {row[0]: row[1] for row in connection.execute(counted)}


def one_question(connection: Connection, question_id: int) -> dict[str, Any]:
    """A question with its candidates, decisions and waiting rows. Raises Refusal scope.not_yours for an unknown one."""
    wanted = select(MatchQuestion.__table__, text(f"{_WAITING} AS waiting")).where(
        MatchQuestion.id == question_id
    )
    question = connection.execute(wanted).mappings().first()
    if question is None:
        raise not_yours()
    decisions = select(MatchDecision.__table__).where(MatchDecision.question_id == question_id)
    rows = text(
        "SELECT w.batch_id, b.file_name, count(*) AS many, min(w.brought_in_by) AS brought_in_by FROM match_row w"
        " JOIN batch b ON b.id = w.batch_id WHERE w.question_id = :id GROUP BY 1, 2 ORDER BY 1"
    )
    return {
        "question": question,
        "candidates": _candidates(connection, question),
        "decisions": list(connection.execute(decisions.order_by(MatchDecision.id.desc())).mappings()),
        "rows": list(connection.execute(rows, {"id": question_id}).mappings()),
    }


def differing(one: str, other: str) -> tuple[Parts, Parts]:
    """Both texts in parts, each marked where it differs from the other."""
    left: Parts = []
    right: Parts = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if a < b:
            left.append((one[a:b], tag != "equal"))
        if c < d:
            right.append((other[c:d], tag != "equal"))
    return left, right


def _candidates(connection: Connection, question: RowMapping) -> list[dict[str, Any]]:
    wanted = select(MatchCandidate.__table__).where(
        MatchCandidate.question_id == question["id"], MatchCandidate.round == question["round"]
    )
    found = list(connection.execute(wanted.order_by(MatchCandidate.rank)).mappings())
    codes = [candidate["enterprise_code"] for candidate in found]
    known = as_of(Enterprise, clock.today()).subquery()
    facts = select(known.c.enterprise_code, known.c.entname, known.c.uniscid, known.c.regno, known.c.dom,
                   known.c.regstate).where(known.c.enterprise_code.in_(codes))  # fmt: skip
    firms = {row["enterprise_code"]: row for row in connection.execute(facts).mappings()}
    former = text(
        "SELECT enterprise_code, array_agg(DISTINCT alias ORDER BY alias) FROM enterprise_alias"
        f" WHERE kind = 'name' AND enterprise_code = ANY(:codes) AND {stands('batch_id')} GROUP BY 1"
    )
    names = {row[0]: row[1] for row in connection.execute(former, {"codes": codes})}
    return [_side_by_side(question, c, firms.get(c["enterprise_code"]), names) for c in found]


def _side_by_side(
    question: RowMapping, candidate: RowMapping, firm: RowMapping | None, names: dict[str, list[str]]
) -> dict[str, Any]:
    code = candidate["enterprise_code"]
    name = firm["entname"] if firm else candidate["known_as"]
    number = (firm["uniscid"] or firm["regno"] if firm else None) or code
    given, shown = differing(question["given_name"], name)
    given_number, shown_number = differing(question["given_number"], number)
    return {
        **candidate, "name": name, "given": given, "shown": shown, "given_number": given_number,
        "shown_number": shown_number, "dom": firm["dom"] if firm else "—", "regstate": firm["regstate"] if firm else "—",
        "former": [other for other in names.get(code, []) if other != name_key(name)],
    }  # fmt: skip
