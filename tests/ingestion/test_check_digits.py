"""Check digits (GB 32100, GB 11714, MOD 11,10) against python-stdnum where it is right, and where it is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from ingestion.identify import (
    ALPHABET,
    ORGANISATION_WEIGHTS,
    WEIGHTS,
    credit_code_valid,
    judge_codes,
    organisation_part_valid,
    registration_number_valid,
)

LETTERS = st.sampled_from(ALPHABET)
DIGITS = st.sampled_from("0123456789")


def organisation(body: str) -> str:
    """The eight characters with their check by the words of GB 11714, not by the code under test."""
    values = [int(letter, 36) for letter in body]
    check = 11 - sum(v * int(w) for v, w in zip(values, ORGANISATION_WEIGHTS, strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(check, str(check))


def credit_code(head: str, body: str) -> str:
    """A code of 18 characters, its last by the words of GB 32100."""
    first = head + organisation(body)
    total = sum(ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(first))
    return first + ALPHABET[-total % 31]


bodies = st.text(LETTERS, min_size=8, max_size=8)
numeric_heads = st.text(DIGITS, min_size=8, max_size=8)
other_heads = st.builds(
    lambda first, rest: first + rest, st.sampled_from("ANY"), st.text(DIGITS, min_size=7, max_size=7)
)


def test_the_weights_are_powers_of_three() -> None:
    assert [int(w) for w in WEIGHTS] == [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]


@settings(max_examples=300)
@given(numeric_heads, bodies)
def test_sound_codes_pass_here_and_there(head: str, body: str) -> None:
    code = credit_code(head, body)
    assert uscc.is_valid(code)
    assert judge_codes([code]) == [None]


@settings(max_examples=300)
@given(numeric_heads, bodies, st.integers(0, 17), LETTERS)
def test_one_wrong_character_is_seen_wherever_the_library_sees_it(
    head: str, body: str, place: int, letter: str
) -> None:
    code = credit_code(head, body)
    spoiled = code[:place] + letter + code[place + 1 :]
    assert bool(credit_code_valid([spoiled])[0]) == (spoiled == code)
    if spoiled[:8].isdigit():
        assert uscc.is_valid(spoiled) == bool(credit_code_valid([spoiled])[0])


@settings(max_examples=200)
@given(other_heads, bodies)
def test_codes_that_the_library_wrongly_rejects_pass(head: str, body: str) -> None:
    """军队 A…, 农村集体 N…, 其他 Y…: stdnum 2.2 demands digits in the first eight places (domain.md 7.1)."""
    code = credit_code(head, body)
    assert not uscc.is_valid(code)
    assert judge_codes([code]) == [None]


@pytest.mark.parametrize("code", [credit_code("N2330106", "MF123456"), credit_code("A1110000", "MB000001")])
def test_a_rural_collective_and_an_army_body_by_hand(code: str) -> None:
    assert not uscc.is_valid(code)
    assert bool(credit_code_valid([code])[0] and organisation_part_valid([code])[0])


@settings(max_examples=300)
@given(bodies, LETTERS, LETTERS)
def test_the_organisation_part_by_its_own_standard(body: str, letter: str, last: str) -> None:
    written = organisation(body)
    assert bool(organisation_part_valid([f"91990101{written}{last}"])[0])
    if letter != written[8]:
        assert not organisation_part_valid([f"91990101{body}{letter}{last}"])[0]


@settings(max_examples=300)
@given(st.text(DIGITS, min_size=14, max_size=14), DIGITS)
def test_registration_numbers_as_the_library_has_them(body: str, last: str) -> None:
    assert bool(registration_number_valid([body + mod_11_10.calc_check_digit(body)])[0])
    assert bool(registration_number_valid([body + last])[0]) == mod_11_10.is_valid(body + last)


@given(st.text(max_size=20))
def test_no_text_at_all_breaks_the_judgement(text: str) -> None:
    verdict = judge_codes([text])[0]
    assert (verdict is None) == bool(
        (credit_code_valid([text])[0] and organisation_part_valid([text])[0])
        or registration_number_valid([text])[0]
    )
