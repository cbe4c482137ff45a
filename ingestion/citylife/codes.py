"""Fictional numbers (统一社会信用代码, 注册号) with valid check digits, made for whole columns at once.

Valid by GB 32100-2015, GB 11714 and GS 15—2006 (domain.md 7), yet plainly fictional: no division of
GB/T 2260 begins with 98 or 99.
"""

import numpy as np
from numpy.typing import NDArray

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_LETTERS = np.array(list(ALPHABET))
_ORGANISATION_VALUES = np.array([int(c, 36) for c in ALPHABET])
_STEP_31, _STEP_10 = 387_420_489, 27_182_819
"""Coprime to 31**6 and 10**8: a bijection, so no two enterprises of a city share a number."""

Integers = NDArray[np.int64]
Texts = NDArray[np.str_]


def credit_codes(kind_digit: Texts, division: Integers, serial: Integers, modern: NDArray[np.bool_]) -> Texts:
    """18-character codes (统一社会信用代码), one for each serial number.

    kind_digit: second character, "1" 企业 "2" 个体 "3" 农专社 "9" 其他; division: six digits as a number;
    modern: subjects set up since October 2015 have an organisation number that begins with MA.
    """
    values = np.empty((len(serial), 18), dtype=np.int64)
    values[:, 0] = 9
    values[:, 1] = kind_digit.astype(np.int64)
    values[:, 2:8] = _digits(division, 6, 10)
    values[:, 8:16] = np.where(
        modern[:, None], _modern_body(serial), _digits(serial * _STEP_10 % 10**8, 8, 10)
    )
    values[:, 16] = _organisation_check(values[:, 8:16])
    values[:, 17] = (-values[:, :17] @ np.array(USCC_WEIGHTS)) % 31
    return _joined(_LETTERS[values])


def registration_numbers(division: Integers, serial: Integers) -> Texts:
    """15-digit numbers (注册号): six digits of the registry, eight of the serial, ISO 7064 MOD 11,10."""
    values = np.empty((len(serial), 15), dtype=np.int64)
    values[:, :6] = _digits(division, 6, 10)
    values[:, 6:14] = _digits(serial * _STEP_10 % 10**8, 8, 10)
    remainder = np.full(len(serial), 10, dtype=np.int64)
    for place in range(14):
        total = (remainder + values[:, place]) % 10
        remainder = np.where(total == 0, 10, total) * 2 % 11
    values[:, 14] = (11 - remainder) % 10
    return _joined(_LETTERS[values])


def office_code(number: int, division: int = 990100) -> str:
    """The code of a public authority (机关, first characters 11)."""
    body = np.array([[1, 1]])
    values = np.concatenate(
        [body, _digits(np.array([division]), 6, 10), _modern_body(np.array([10**6 + number]))], axis=1
    )
    values = np.concatenate([values, _organisation_check(values[:, 8:16])[:, None]], axis=1)
    check = (-values @ np.array(USCC_WEIGHTS)) % 31
    return str(_joined(_LETTERS[np.concatenate([values, check[:, None]], axis=1)])[0])


def _modern_body(serial: Integers) -> Integers:
    body = np.empty((len(serial), 8), dtype=np.int64)
    body[:, :2] = (ALPHABET.index("M"), ALPHABET.index("A"))
    body[:, 2:] = _digits((serial % 31**6) * (_STEP_31 % 31**6) % 31**6, 6, 31)
    return body


def _organisation_check(body: Integers) -> Integers:
    total = _ORGANISATION_VALUES[body] @ np.array(ORGANISATION_WEIGHTS)
    check = 11 - total % 11
    return np.where(check == 10, ALPHABET.index("X"), check % 11)


def _digits(number: Integers, places: int, base: int) -> Integers:
    return number[:, None] // base ** np.arange(places - 1, -1, -1) % base


def _joined(letters: Texts) -> Texts:
    return np.ascontiguousarray(letters).view(f"<U{letters.shape[1]}").ravel()
