"""Redaction (脱敏): personal numbers are taken out before anything is stored."""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from registry.settings import load_settings

_MARK = "（证件号码已隐去）"
_TEL_MARK = "（电话已隐去）"
_PERSON = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
)
MAY_BE_PERSONAL = re.compile(r"[1-9]\d{10}")
"""Found in every text that holds a mobile or identity number, and quick to look for."""
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_HASHED = "sha256:"
_SEALED = "sealed:"


def redact(text: str) -> str:
    """The text without resident identity numbers (GB 11643, by check digit) and mobile numbers."""
    if not MAY_BE_PERSONAL.search(text):
        return text
    return _MOBILE.sub(
        _TEL_MARK, _PERSON.sub(lambda m: _MARK if _is_resident(m.group()) else m.group(), text)
    )


def _is_resident(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def telephone_hash(telephone: str | None) -> str | None:
    """SHA-256 of the digits of a telephone: enough to find shared ones, useless to call."""
    if not telephone:
        return None
    if telephone.lower().startswith(_HASHED):
        return telephone[len(_HASHED) :].lower()
    digits = re.sub(r"\D", "", telephone)
    return hashlib.sha256(digits.encode()).hexdigest() if digits else None


def hide_telephone(telephone: str) -> str:
    """What a fault's copy of the row keeps of a telephone: its hash, which the cleaner reads back."""
    hashed = telephone_hash(telephone)
    return _HASHED + hashed if hashed else ""


def seal(text: str) -> str:
    """What is kept of a name or number of a person (密封): HMAC-SHA256 under this installation's secret.

    The same text gives the same key here, and another elsewhere; a sealed text stays as it is, "" stays empty.
    """
    plain = re.sub(r"\s+", "", text).upper()
    if not plain or text.startswith(_SEALED):
        return text.strip()
    return _SEALED + hmac.new(_secret(), plain.encode(), hashlib.sha256).hexdigest()


def _secret() -> bytes:
    return _secret_of(os.environ.get("WURAO_PERSON_SECRET"), os.environ.get("WURAO_DATA"))


@lru_cache(maxsize=8)
def _secret_of(stated: str | None, data: str | None) -> bytes:
    """Settings are read once for a place, not once for a person."""
    settings = load_settings()
    return settings.person_secret.encode() if settings.person_secret else _made_secret(str(settings.data))


@lru_cache(maxsize=8)
def _made_secret(folder: str) -> bytes:
    """The secret in the data folder, made at first use: identity numbers are few enough to try them all."""
    path = Path(folder) / "person.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder
        ) as made:  # readable by us only, and whole when it appears
            made.write(secrets.token_hex(32))
            made.flush()
            with suppress(FileExistsError):
                os.link(made.name, path)
    return path.read_bytes()
