"""Identity (主体标识): check digits of codes and registration numbers, and whom a row is about.

统一社会信用代码 by GB 32100-2015, its organisation part by GB 11714, 15-digit 注册号 by ISO 7064 MOD 11,10
(domain.md 7). Vectorised: a column of a million codes takes about a second.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Connection, String, any_, bindparam, select
from sqlalchemy import text as text_of

from ingestion.datasets.contract import Dataset
from ingestion.faults import Fault, sentence
from ingestion.names import name_key
from ingestion.standing import stands
from registry.tables.enterprise import EnterpriseAlias

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_SCIENTIFIC = re.compile(r"^[0-9.]+E\+?[0-9]+$")
_KINDS = {"1": "91", "2": "93", "3": "92"}

_VALUE = np.full(128, -1)
_VALUE[[ord(letter) for letter in ALPHABET]] = np.arange(31)
_ORGANISATION_VALUE = np.full(128, -1)
_ORGANISATION_VALUE[[ord(letter) for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = np.arange(36)

Flags = NDArray[np.bool_]
Verdict = tuple[str, dict[str, object]] | None
"""What is wrong with a number: a fault code and what was found; None for a sound one."""


def normalise_code(text: str) -> str:
    """Half width, upper case, without blanks, hyphens and the apostrophe of spreadsheets."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return re.sub(r"[\s\-'’`]+", "", unicodedata.normalize("NFKC", text)).upper()


def credit_code_valid(codes: Iterable[str]) -> Flags:
    """Whether each 18-character code passes GB 32100-2015 (C18 = (31 − Σ CᵢWᵢ mod 31) mod 31)."""
    letters = _letters(codes, 18)
    values = _VALUE[letters]
    expected = -(values[:, :17] @ WEIGHTS) % 31
    return (values >= 0).all(axis=1) & (values[:, 17] == expected)


def organisation_part_valid(codes: Iterable[str]) -> Flags:
    """Whether positions 9–17 pass GB 11714 (C9 = 11 − Σ mod 11; 10 is X, 11 is 0)."""
    letters = _letters(codes, 18)
    body = _ORGANISATION_VALUE[letters[:, 8:16]]
    check = 11 - body @ ORGANISATION_WEIGHTS % 11
    written = np.where(check == 10, ord("X"), ord("0") + check % 11)
    return (body >= 0).all(axis=1) & (letters[:, 16] == written)


def registration_number_valid(numbers: Iterable[str]) -> Flags:
    """Whether each 15-digit number passes ISO 7064 MOD 11,10 (GS 15—2006)."""
    digits = _letters(numbers, 15).astype(np.int64) - ord("0")
    remainder = np.full(len(digits), 10)
    for place in range(14):
        total = (remainder + digits[:, place]) % 10
        remainder = np.where(total == 0, 10, total) * 2 % 11
    whole = ((digits >= 0) & (digits <= 9)).all(axis=1)
    return whole & ((remainder + digits[:, 14]) % 10 == 1)


def _letters(codes: Iterable[str], length: int) -> NDArray[np.uint32]:
    """Code points (n, length); a code of another length, or beyond ASCII, becomes all zero."""
    texts = np.array(
        [code if len(code) == length and code.isascii() else "" for code in codes], dtype=f"U{length}"
    )
    return (
        texts.view(np.uint32).reshape(len(texts), length) if len(texts) else np.zeros((0, length), np.uint32)
    )


def judge_codes(codes: list[str]) -> list[Verdict]:
    """For each normalised code or 15-digit number: None if sound, else a fault code and what was found."""
    credit, organisation, old = (
        credit_code_valid(codes),
        organisation_part_valid(codes),
        registration_number_valid(codes),
    )
    return [_verdict(*row) for row in zip(codes, credit, organisation, old, strict=True)]


def _verdict(code: str, credit: bool, organisation: bool, old: bool) -> Verdict:
    if old or (credit and organisation):
        return None
    if _SCIENTIFIC.match(code) and ("." in code or "E+" in code):
        return "code_scientific", {"value": code}
    if len(code) not in (15, 18):
        return "code_length", {"value": code, "found": len(code)}
    allowed = ALPHABET if len(code) == 18 else "0123456789"
    strange = "".join(sorted({letter for letter in code if letter not in allowed}))
    if strange:
        return "code_alphabet", {"value": code, "found": strange}
    if len(code) == 15:
        return "regno_check", {"value": code}
    return ("code_organisation" if credit else "code_check"), {"value": code}


@dataclass
class Directory:
    """Numbers and names met so far (别名索引) → enterprise_code; filled from the registry as they are asked for."""

    numbers: dict[str, str] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    judged: dict[str | None, tuple[str | None, Verdict]] = field(default_factory=lambda: {None: (None, None)})
    """A number as written → normalised, and what is wrong with it."""
    _asked: set[str] = field(default_factory=set)

    def look_up(self, connection: Connection, numbers: Iterable[str], names: Iterable[str]) -> None:
        """Learn what the registry knows about some numbers and names, asking for each only once."""
        wanted = (set(numbers) | set(names)) - self._asked
        self._asked |= wanted
        if not wanted:
            return
        alias = EnterpriseAlias
        asked = select(alias.kind, alias.alias, alias.enterprise_code).where(
            alias.alias == any_(bindparam("wanted", sorted(wanted), ARRAY(String))),
            text_of(stands("batch_id")),
        )
        for kind, text, code in connection.execute(asked.order_by(alias.id)):
            if kind == "name":
                self.names.setdefault(text, set()).add(code)
            else:
                self.numbers.setdefault(text, code)

    def judge(self, written: set[str | None], opaque: bool) -> None:
        """Normalise and judge numbers that were not met before."""
        fresh = sorted(text for text in written if text is not None and text not in self.judged)
        codes = [text.strip() if opaque else normalise_code(text) for text in fresh]
        verdicts: list[Verdict] = [None] * len(codes) if opaque else judge_codes(codes)
        for text, code, verdict in zip(fresh, codes, verdicts, strict=True):
            self.judged[text] = (code or None, verdict if code else None)


def identify_rows(connection: Connection, dataset: Dataset, rows: pd.DataFrame, directory: Directory, opaque: bool,
                  heading: dict[str, str], unreadable: set[int]) -> list[Fault]:  # fmt: skip
    """Give every row its `enterprise_code`, or a fault. `opaque` accepts foreign numbers without check digits.

    Rows whose identity columns are `unreadable` get no further fault: whom they mean cannot be known.
    """
    if dataset.identity is None:
        return []
    faults: list[Fault] = []
    for name in ("given_code", "given_regno"):
        faults += _normalise_and_judge(rows, name, directory, opaque, heading.get(name, name))
    unusable = unreadable | {fault.row_no for fault in faults}
    by_name = rows["given_name"] if "given_name" in rows and dataset.identity == "must" else None
    _learn(connection, dataset, rows, directory, by_name)
    codes, regnos = rows["given_code"].tolist(), rows["given_regno"].tolist()
    names = by_name.tolist() if by_name is not None else [None] * len(rows)
    found: list[str | None] = list(map(directory.numbers.get, codes))
    alone = None not in found and not any(regnos) and not unusable
    for place, row_no in enumerate(() if alone else rows.index):
        if found[place] and not regnos[place] and not unusable:
            continue  # the code alone says it
        code, regno = codes[place], regnos[place]
        verdict = None if row_no in unusable else _whose(directory, dataset, code, regno, names[place])
        found[place] = verdict if isinstance(verdict, str) else None
        if isinstance(verdict, tuple):
            column = "given_code" if code else "given_regno" if regno else "given_name"
            text = sentence(verdict[0], **verdict[1])
            faults.append(Fault(int(row_no), heading.get(column, column), verdict[0], text))
    rows["enterprise_code"] = pd.Series(found, rows.index, dtype=object)
    return faults + ([] if opaque else _kind_faults(rows, heading))


def _normalise_and_judge(
    rows: pd.DataFrame, name: str, directory: Directory, opaque: bool, heading: str
) -> list[Fault]:
    written = rows[name].tolist()
    if not any(written):
        return []
    directory.judge(set(written), opaque)
    judged = list(map(directory.judged.__getitem__, written))
    codes, verdicts = zip(*judged, strict=True)
    rows[name] = pd.Series(codes, rows.index, dtype=object)
    return (
        [
            Fault(int(row_no), heading, verdict[0], sentence(verdict[0], **verdict[1]))
            for row_no, verdict in zip(rows.index, verdicts, strict=True)
            if verdict
        ]
        if any(verdicts)
        else []
    )


def _learn(connection: Connection, dataset: Dataset, rows: pd.DataFrame, directory: Directory,
           by_name: pd.Series | None) -> None:  # fmt: skip
    codes, regnos = rows["given_code"].tolist(), rows["given_regno"].tolist()
    names: set[str] = set()
    if by_name is not None:
        nameless = zip(codes, regnos, by_name.tolist(), strict=True)
        names = {name_key(name) for code, regno, name in nameless if name and not code and not regno}
    directory.look_up(connection, {*codes, *regnos} - {None}, names)
    if dataset.identity == "self":
        for code, regno in sorted({pair for pair in zip(codes, regnos, strict=True) if all(pair)}):
            canonical = directory.numbers.get(code) or directory.numbers.get(regno) or code
            directory.numbers.setdefault(code, canonical)
            directory.numbers.setdefault(regno, canonical)


def _whose(
    directory: Directory, dataset: Dataset, code: str | None, regno: str | None, name: str | None
) -> str | tuple[str, dict[str, object]]:
    by_code = directory.numbers.get(code) if code else None
    by_regno = directory.numbers.get(regno) if regno else None
    if by_code and by_regno and by_code != by_regno:
        return "identity_clash", {"value": code, "other": regno}
    if known := by_code or by_regno:
        return known
    if number := code or regno:
        return number if dataset.identity != "must" else ("unmatched", {"value": number})
    if not name:
        return "no_identity", {}
    owners = directory.names.get(name_key(name), set())
    if len(owners) == 1:
        return next(iter(owners))
    if owners:
        return "ambiguous_name", {"value": name, "found": len(owners)}
    return "unmatched", {"value": name}


def _kind_faults(rows: pd.DataFrame, heading: dict[str, str]) -> list[Fault]:
    """91 goes with 企业, 92 with 个体工商户, 93 with 农民专业合作社, where the file states the kind."""
    if "entkind" not in rows:
        return []
    texts = {"1": "企业", "2": "农民专业合作社", "3": "个体工商户"}
    start = rows["given_code"].map(lambda c: c[:2] if isinstance(c, str) and len(c) == 18 else None)
    expected = rows["entkind"].map(_KINDS)
    clash = start.isin(list(_KINDS.values())) & expected.notna() & (start != expected)
    return [
        Fault(int(n), heading["given_code"], "code_kind", sentence("code_kind", value=code, kind=texts[kind]))
        for n, code, kind in zip(
            rows.index[clash], rows.loc[clash, "given_code"], rows.loc[clash, "entkind"], strict=True
        )
    ]
