"""Numbers of enterprises, made and damaged without any code of ours: check digits by python-stdnum and by the standards."""

import random
from collections.abc import Callable, Iterator

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def credit_code(serial: int, kind: str = "91") -> str:
    """A sound 统一社会信用代码 for a serial number: every digit and letter occurs, 0, 1, O- and I-like ones too."""
    spread, body = serial * 7_368_787 % 31**6, ""
    for _ in range(6):
        spread, digit = divmod(spread, 31)
        body += ALPHABET[digit]
    organisation = f"MA{body}"
    sound = f"{kind}990101{organisation}{organisation_check(organisation)}"
    return sound + uscc.calc_check_digit(sound)


def organisation_check(body: str) -> str:
    """GB 11714: the ninth character of an organisation number."""
    total = sum(
        ORGANISATION.index(letter) * weight for letter, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[(11 - total % 11) % 11]


def old_number(serial: int) -> str:
    """A sound 15-digit 注册号 (ISO 7064 MOD 11,10)."""
    body = f"990101{serial * 7_919 % 10**8:08d}"
    return body + mod_11_10.calc_check_digit(body)


def _scientific(code: str, random: random.Random) -> str:
    digits = "".join(letter if letter.isdigit() else "0" for letter in code)
    return f"{digits[0]}.{digits[1:6]}E+{len(code) - 1}"


def _lost_zero(code: str, random: random.Random) -> str:
    place = code.index("0")
    return code[:place] + code[place + 1 :]


def _letter_for(digit: str, letter: str) -> Callable[[str, random.Random], str]:
    def write_letter(code: str, random: random.Random) -> str:
        place = random.choice([n for n, each in enumerate(code) if each == digit])
        return code[:place] + letter + code[place + 1 :]

    return write_letter


def _transposed(code: str, random: random.Random) -> str:
    place = random.choice([n for n in range(len(code) - 1) if code[n] != code[n + 1]])
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


def _one_wrong(code: str, random: random.Random) -> str:
    place = random.randrange(len(code))
    allowed = ALPHABET if len(code) == 18 else "0123456789"
    return code[:place] + random.choice(allowed.replace(code[place], "")) + code[place + 1 :]


def _rounded(code: str, random: random.Random) -> str:
    """What a spreadsheet leaves of a number after its fifteenth digit, or of a shorter one that was dragged down."""
    end = code[-3:] if len(code) == 18 else code[-1:]
    rounded = "0" * len(end)
    return code[: -len(end)] + (rounded if end != rounded else "1" * len(end))


def _doubled(code: str, random: random.Random) -> str:
    place = random.randrange(len(code))
    return code[:place] + code[place] + code[place:]


DAMAGES: dict[str, tuple[Callable[[str, random.Random], str], str, str]] = {
    "9.13E+17": (_scientific, "code_scientific", "code_scientific"),
    "lost zero": (_lost_zero, "code_length", "code_length"),
    "doubled character": (_doubled, "code_length", "code_length"),
    "O for 0": (_letter_for("0", "O"), "code_alphabet", "code_alphabet"),
    "I for 1": (_letter_for("1", "I"), "code_alphabet", "code_alphabet"),
    "transposed": (_transposed, "code_check", "regno_check"),
    "one wrong": (_one_wrong, "code_check", "regno_check"),
    "last digits rounded": (_rounded, "code_check", "regno_check"),
}
"""What happened → (how, fault code of an 18-character code, fault code of a 15-digit number)."""


def unseen(number: str) -> bool:
    """Whether a damaged number passes every check digit there is: no program can tell that it was damaged."""
    if len(number) == 15 and number.isdigit():
        return bool(mod_11_10.is_valid(number))
    sound = (
        len(number) == 18
        and set(number) <= set(ALPHABET)
        and uscc.calc_check_digit(number[:17]) == number[17]
    )
    return sound and organisation_check(number[8:16]) == number[16]


def damaged(many: int, length: int, seed: int) -> Iterator[tuple[str, str, str, str]]:
    """(what happened, sound number, damaged number, fault code), kinds in turn."""
    chance = random.Random(seed)
    kinds = list(DAMAGES.items())
    for serial in range(many):
        name, (damage, of_code, of_number) = kinds[serial % len(kinds)]
        sound = credit_code(serial) if length == 18 else old_number(serial)
        yield name, sound, damage(sound, chance), of_code if length == 18 else of_number


def mended(code: str) -> dict[str, str]:
    """Spellings that are no damage: what happened → the number as it is then written."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    return {
        "lower case": code.lower(),
        "full width": wide,
        "full width, lower case": wide.lower(),
        "trailing blanks": f"{code}  ",
        "ideographic blank": f"\u3000{code}\u3000",
        "no-break blank": f"\u00a0{code}\u00a0",
        "apostrophe": f"'{code}",
        "hyphens": f"{code[:8]}-{code[8:17]}-{code[17:]}",
        "tab": f"{code}\t",
    }
