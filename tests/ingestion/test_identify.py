"""Check digits against the vectors of domain.md 7.4 and against python-stdnum as the oracle."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import exceptions
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from ingestion.identify import (
    ALPHABET,
    credit_code_valid,
    judge_codes,
    normalise_code,
    organisation_part_valid,
    registration_number_valid,
)

VALID = [
    "914403001922038216", "9144030071526726XG", "91330100799655058B", "91110000802100433B", "91110108551385082Q",
    "9152000071430580XT", "91310115342050446K", "91310000741627329A", "91330108793696828A", "91330100609167206N",
    "91330100704665967J", "913302007614539953", "9133078114740654XH", "91330182704287046N", "11500000MB17643950",
    "11500000MB1631621X", "11500000MB1A40839X", "11420000MB15291767", "11370323MB2859070U", "91440300192317458F",
    "91440400192548256N", "91440300192181490G", "91440606722473344C", "91440300100012316L", "91350900587527783P",
    "913600006124469438", "91360000625912173B", "91110000710926094P", "91110000710925462X", "91100000100003962T",
    "9144030010001686XA",
]  # fmt: skip
REGISTRATION_NUMBERS = ["310141000157096", "310000400311804", "330108000000965"]
FAKE = [
    "914403001922038217",
    "91110108717809965C",
    "91330100788831167A",
    "913301087254808020",
    "91330481L392519426",
]


def test_the_vectors_are_sound() -> None:
    assert credit_code_valid(VALID).all()
    assert organisation_part_valid(VALID).all()
    assert registration_number_valid(REGISTRATION_NUMBERS).all()
    assert judge_codes(VALID + REGISTRATION_NUMBERS) == [None] * (len(VALID) + 3)


def test_the_fakes_are_not() -> None:
    assert not credit_code_valid(FAKE).any()
    assert not registration_number_valid(
        ["310141000157095", "3101410001570960", "31014100015709", "31014100015709X"]
    ).any()


def test_an_empty_column_is_no_trouble() -> None:
    assert len(credit_code_valid([])) == len(registration_number_valid([])) == 0


@given(st.lists(st.text("0123456789", min_size=8, max_size=8).flatmap(
    lambda start: st.text(ALPHABET, min_size=10, max_size=10).map(lambda end: start + end)), min_size=1, max_size=30))  # fmt: skip
def test_agrees_with_stdnum_where_stdnum_applies(codes: list[str]) -> None:
    repaired = [code[:17] + uscc.calc_check_digit(code[:17]) for code in codes]
    for some in (codes, repaired):
        assert list(credit_code_valid(some)) == [uscc.is_valid(code) for code in some]
    assert credit_code_valid(repaired).all()


@given(st.sampled_from("ANY"), st.text(ALPHABET, min_size=16, max_size=16))
def test_codes_that_begin_with_a_letter_are_sound_though_stdnum_rejects_them(first: str, rest: str) -> None:
    """军委编办 A, 农业 N, 其他 Y: stdnum wants eight digits first and is wrong."""
    code = first + rest + uscc.calc_check_digit(first + rest)
    assert credit_code_valid([code]).all()
    with pytest.raises(exceptions.ValidationError):
        uscc.validate(code)


@given(st.text("0123456789", min_size=14, max_size=14), st.sampled_from("0123456789"))
def test_registration_numbers_agree_with_iso_7064(body: str, last: str) -> None:
    assert registration_number_valid([body + last])[0] == mod_11_10.is_valid(body + last)


def test_damaged_codes_are_never_sound() -> None:
    """C-5 in small: 3,000 codes with one wrong character, two neighbours swapped, or a letter like a digit."""
    draw = random.Random(5)
    damaged = []
    for _ in range(1000):
        code = draw.choice(VALID)
        place = draw.randrange(17)
        wrong = draw.choice([c for c in ALPHABET if c != code[place]])
        damaged.append(code[:place] + wrong + code[place + 1 :])
        if code[place] != code[place + 1]:
            damaged.append(code[:place] + code[place + 1] + code[place] + code[place + 2 :])
        damaged.append(code.replace("0", "O", 1) if "0" in code else code.replace("1", "I", 1))
    assert not credit_code_valid(damaged).any()
    assert all(judge_codes(damaged))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (" 91440300192203 8216 ", "914403001922038216"), ("９１４４０３００１９２２０３８２１６", "914403001922038216"),
        ("9144030071526726xg", "9144030071526726XG"), ("'310141000157096", "310141000157096"),
        ("914403-0019-22038216", "914403001922038216"),
    ],
)  # fmt: skip
def test_spellings_of_one_code(written: str, read: str) -> None:
    assert normalise_code(written) == read


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("9.13301E+17", "code_scientific"), ("91440300192203821I", "code_alphabet"), ("91440300192203821", "code_length"),
        ("914403001922038217", "code_check"), ("310141000157095", "regno_check"), ("91330481L392519426", "code_check"),
        ("3301062015292", "code_length"),
    ],
)  # fmt: skip
def test_each_damage_has_its_own_sentence(code: str, verdict: str) -> None:
    judged = judge_codes([code])[0]
    assert judged is not None
    assert judged[0] == verdict
