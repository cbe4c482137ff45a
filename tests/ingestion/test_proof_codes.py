"""C-5: a thousand damaged codes of 18 and of 15 characters; each is refused with the right code, none is let in silently."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.datasets import DATASETS
from ingestion.identify import judge_codes
from ingestion.intake import ingest_file
from registry.database import Database
from tests.faults.bulk import CODE, NAME
from tests.faults.codes import DAMAGES, credit_code, damaged, mended, old_number, unseen
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import good, write_csv

MANY, SEED = 1_000, 20261127
BLIND = {length: [case for case in damaged(MANY, length, SEED) if unseen(case[2])] for length in (15, 18)}
"""Damages that leave a number whose check digits are sound: MOD 11,10 cannot see one transposition in 45, and three
digits rounded away meet both checks of a code one time in 341."""


@pytest.fixture(scope="module")
def known(one_town: Ingest) -> Ingest:
    """A town where every sound number of the proof is registered, so that a slip of identity would find somebody."""
    rows = [
        good("registration", 统一社会信用代码=credit_code(n), 企业名称=f"甲{n}", 曾用名="")
        for n in range(MANY)
    ]
    rows += [
        good("registration", 统一社会信用代码="", 注册号=old_number(n), 企业名称=f"乙{n}", 曾用名="") for n in range(MANY)
    ]  # fmt: skip
    report = one_town("registration", rows)
    assert (report.rows_new, report.rows_faulty) == (2 * MANY, 0), report.faults
    return one_town


@pytest.mark.parametrize("length", [18, 15])
def test_every_damaged_code_is_refused_with_its_reason(
    known: Ingest, one_database: Database, tmp_path: Path, length: int
) -> None:
    """Also when its name is known: a code that is there and wrong is never passed over for the name."""
    cases = list(damaged(MANY, length, SEED))
    name = "甲" if length == 18 else "乙"
    rows = [
        good("penalty", **{CODE: wrong, NAME: f"{name}{n}", "行政处罚决定书文号": f"{length}-{n}"})
        for n, (_, _, wrong, _) in enumerate(cases)
    ]
    path = write_csv(tmp_path / "penalty_damaged.csv", rows)
    report = ingest_file(one_database.engine_for("ingest"), path)
    with one_database.owner().connect() as connection:
        found = connection.execute(text('SELECT row_no, code, "column" FROM row_fault WHERE batch_id = :batch'),
                                   {"batch": report.batch_id}).all()  # fmt: skip
        accepted = connection.execute(
            text("SELECT cf_wsh FROM penalty WHERE cf_wsh LIKE :kind"), {"kind": f"{length}-%"}
        )
        assert list(accepted.scalars()) == [], "silently accepted"
    assert (report.rows_read, report.rows_faulty) == (MANY, MANY)
    blind = {case[2] for case in BLIND[length]}
    stated = {
        n: {"unmatched"} if case[2] in blind else _codes_of(case) for n, case in enumerate(cases, start=2)
    }
    wrong = [(row, stated[row.row_no]) for row in found if row.code not in stated[row.row_no]]
    assert not wrong, wrong[:5]
    assert len(found) == MANY, "one fault a row"
    assert {row.column for row in found} == {CODE}


def _codes_of(case: tuple[str, str, str, str]) -> set[str]:
    """The stated code; where a chance of one in 31 makes the last character fit, the organisation number tells."""
    return {case[3]} | ({"code_organisation"} if case[0] == "last digits rounded" else set())


def test_what_no_check_digit_can_see_is_little_and_of_known_kinds() -> None:
    """Such rows are refused because nobody is registered so; only a registration that brings one gets in."""
    kinds = {length: Counter(case[0] for case in cases) for length, cases in BLIND.items()}
    a_kind = MANY / len(DAMAGES)
    assert set(kinds[15]) <= {"transposed"}
    assert kinds[15]["transposed"] <= 0.06 * a_kind
    assert set(kinds[18]) <= {"last digits rounded"}
    assert kinds[18]["last digits rounded"] <= 0.02 * a_kind


@pytest.mark.parametrize("length", [18, 15])
def test_no_damaged_code_can_register_an_enterprise(
    known: Ingest, one_database: Database, length: int
) -> None:
    blind = {case[2] for case in BLIND[length]}
    cases = [case for case in damaged(MANY, length, SEED) if case[2] not in blind]
    column = "统一社会信用代码" if length == 18 else "注册号"
    empty = {"统一社会信用代码": "", "注册号": "", "曾用名": ""}
    rows = [
        good("registration", **{**empty, column: wrong, "企业名称": f"丙{n}"})
        for n, (_, _, wrong, _) in enumerate(cases)
    ]
    report = known("registration", rows)
    assert (report.rows_read, report.rows_faulty) == (len(rows), len(rows))
    with one_database.owner().connect() as connection:
        faults = connection.execute(text("SELECT row_no, code FROM row_fault WHERE batch_id = :batch"),
                                    {"batch": report.batch_id})  # fmt: skip
        found: dict[int, set[str]] = {}
        for fault in faults:
            found.setdefault(fault.row_no, set()).add(fault.code)
    assert all(found[n] & _codes_of(case) for n, case in enumerate(cases, start=2))


@pytest.mark.parametrize("length", [18, 15])
def test_other_spellings_are_mended(known: Ingest, one_database: Database, length: int) -> None:
    codes = [credit_code(n) if length == 18 else old_number(n) for n in range(50)]
    meant = [(code, how, written) for code in codes for how, written in mended(code).items()]
    rows = [
        good("penalty", **{CODE: written, NAME: "", "行政处罚决定书文号": f"m{length}-{n}"})
        for n, (_, _, written) in enumerate(meant)
    ]
    report = known("penalty", rows)
    assert (report.rows_new, report.rows_faulty) == (len(rows), 0), report.faults
    with one_database.owner().connect() as connection:
        found = connection.execute(text("SELECT cf_wsh, enterprise_code FROM penalty WHERE cf_wsh LIKE :kind"),
                                   {"kind": f"m{length}-%"})  # fmt: skip
        stored = {row.cf_wsh: row.enterprise_code for row in found}
    wrong = [
        (how, written) for n, (code, how, written) in enumerate(meant) if stored[f"m{length}-{n}"] != code
    ]
    assert not wrong, wrong[:5]


def test_every_single_error_and_neighbouring_transposition_of_a_code_is_seen() -> None:
    """GB 32100 is modulo a prime: exhaustively for some codes, not by sample."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for serial in range(20):
        code = credit_code(serial)
        wrong = [code[:n] + a + code[n + 1 :] for n in range(18) for a in alphabet if a != code[n]]
        wrong += [
            code[:n] + code[n + 1] + code[n] + code[n + 2 :] for n in range(17) if code[n] != code[n + 1]
        ]
        assert None not in judge_codes(wrong)
        assert judge_codes([code]) == [None]


def test_every_dataset_about_enterprises_checks_its_codes(known: Ingest) -> None:
    wrong = credit_code(1)[:-1] + ("0" if credit_code(1)[-1] != "0" else "1")
    for dataset, layout in DATASETS.items():
        if layout.identity is not None:
            row = good(dataset, **{layout.column("given_code").heading: wrong})
            report = known(dataset, [row])
            assert (report.rows_faulty, report.fault_counts.get("code_check")) == (1, 1), (dataset, report)
