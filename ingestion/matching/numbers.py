"""Numbers nearly right (近似代码): what a damaged code may have been, by its check digits and the registry."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from ingestion.identify import ALPHABET, credit_code_valid, organisation_part_valid, registration_number_valid
from ingestion.standing import stands

AT_ONCE = 100
"""A number has about 1,200 slips; so many numbers are tried together."""
DIGITS = "0123456789"
LOOK_ALIKE = str.maketrans("OIZSV", "01250")
"""Letters that no code uses, and the figures they are mistaken for."""

Found = tuple[str, str, float, str]
"""enterprise_code, the number it is known by, score, why."""


def near_numbers(connection: Connection, numbers: list[str]) -> dict[str, list[Found]]:
    """Number → enterprises whose number differs by one slip: a wrong, missing or extra character, two swapped.

    Also equal numbers, letters mistaken for figures, and codes with the same organisation part (9–17), which
    stays when an enterprise moves. Only numbers with sound check digits that the registry knows are proposed.
    """
    found: dict[str, list[Found]] = {}
    for start in range(0, len(numbers), AT_ONCE):
        found |= _near(connection, numbers[start : start + AT_ONCE])
    return found


def _near(connection: Connection, numbers: list[str]) -> dict[str, list[Found]]:
    whole = _sound(set(numbers))  # one slip away from a sound number there is no sound one of its length
    slips = {number: _same(number) if number in whole else dict(_slips(number)) for number in numbers}
    sound = _sound({candidate for each in slips.values() for candidate in each})
    owners = _owners(connection, sorted(sound))
    relatives = _same_organisation(connection, {n[8:17] for n in numbers if len(n) == 18})
    return {
        number: [
            (owner, candidate, score, why)
            for candidate, (score, why) in each.items()
            for owner in owners.get(candidate, ())
        ]
        + (relatives.get(number[8:17], []) if len(number) == 18 else [])
        for number, each in slips.items()
    }


def _slips(number: str) -> Iterator[tuple[str, tuple[float, str]]]:
    """Everything one slip away, the likelier slip last, so that it wins in a dict."""
    alphabet = ALPHABET if len(number) > 16 else DIGITS
    if not 14 <= len(number) <= 19:
        return
    for place in range(len(number)):
        yield number[:place] + number[place + 1 :], (86.0, f"多了第 {place + 1} 位")
    for place in range(len(number) + 1):
        for letter in alphabet:
            yield number[:place] + letter + number[place:], (86.0, f"少了第 {place + 1} 位“{letter}”")
    for place, written in enumerate(number):
        for letter in alphabet:
            yield (
                number[:place] + letter + number[place + 1 :],
                (90.0, f"第 {place + 1} 位“{written}”应为“{letter}”"),
            )
    for place in range(len(number) - 1):
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        yield swapped, (92.0, f"第 {place + 1}、{place + 2} 位颠倒")
    if (figures := number.translate(LOOK_ALIKE)) != number:
        yield figures, (95.0, "字母写成了形近的数字")
    yield from _same(number).items()


def _same(number: str) -> dict[str, tuple[float, str]]:
    return {number: (100.0, "代码相同")}


def _sound(candidates: set[str]) -> set[str]:
    ordered = sorted(candidates)
    credit = credit_code_valid(ordered) & organisation_part_valid(ordered)
    old = registration_number_valid(ordered)
    return {code for code, a, b in zip(ordered, credit, old, strict=True) if a or b}


def _owners(connection: Connection, numbers: list[str]) -> dict[str, list[str]]:
    asked = text(
        "SELECT DISTINCT alias, enterprise_code FROM enterprise_alias"
        f" WHERE kind <> 'name' AND alias = ANY(:numbers) AND {stands('batch_id')} ORDER BY 1, 2"
    )
    owners: dict[str, list[str]] = {}
    for alias, code in connection.execute(asked, {"numbers": numbers}):
        owners.setdefault(alias, []).append(code)
    return owners


def _same_organisation(connection: Connection, parts: set[str]) -> dict[str, list[Found]]:
    """Organisation part → the enterprises whose code contains it."""
    asked = text(
        "SELECT DISTINCT substr(alias, 9, 9) AS part, alias, enterprise_code FROM enterprise_alias"
        f" WHERE kind = 'uniscid' AND substr(alias, 9, 9) = ANY(:parts) AND {stands('batch_id')} ORDER BY 2, 3"
    )
    found: dict[str, list[Found]] = {}
    for part, alias, code in connection.execute(asked, {"parts": sorted(parts)}):
        found.setdefault(part, []).append((code, alias, 88.0, "组织机构代码部分（第 9 至 17 位）相同"))
    return found
