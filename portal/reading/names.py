"""Names for codes (名称对照): what people call the enterprises, districts and inspectors that a sentence names by code."""

import re
from collections.abc import Iterable

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.reading.enterprises import by_code, people_by_staff_no
from registry import clock
from registry.tables.library import Office

_WORD = re.compile(r"[0-9A-Za-z]+(?:#[0-9]+)?")
_OFFICES = "市场监督管理局"


def names_in(connection: Connection, texts: Iterable[str], people: bool = False) -> dict[str, str]:
    """Code → name, for every code in the texts that is known; of inspectors only with `people`.

    A further premises of an enterprise, CODE#2, is named with its number.
    """
    words = {word for text in texts for word in _WORD.findall(text)}
    firms = by_code(connection, {word.partition("#")[0] for word in words})
    found = {
        word: firms[code]["entname"] + (f"（第 {number} 处）" if number else "")
        for word in words
        for code, _, number in [word.partition("#")]
        if code in firms
    }
    if people:
        found |= {number: one["name"] for number, one in people_by_staff_no(connection, words).items()}
    return found | _districts(connection, words - set(found))


def _districts(connection: Connection, codes: Iterable[str]) -> dict[str, str]:
    """District code → its name, which the office in charge of it carries."""
    columns = Office.__table__.c
    latest = (
        select(columns.office, columns.office_name)
        .where(columns.office.in_(sorted(codes)), columns.known_at < clock.end_of(clock.today()))
        .ext(distinct_on(columns.office))
        .order_by(columns.office, columns.known_at.desc(), columns.id.desc())
    )
    return {row.office: row.office_name.removesuffix(_OFFICES) for row in connection.execute(latest)}
