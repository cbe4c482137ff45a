"""Names (名称): the key that sorts Chinese, and the key that compares two spellings of one name."""

import re
import unicodedata
from functools import lru_cache

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_NOISE = re.compile(r"[\s\"'“”‘’·.,，。()\[\]{}【】〔〕〖〗〈〉《》「」『』]+")


def pinyin_key(name: str) -> str:
    """Sort key by pinyin; other scripts stay, in lower case. The first two characters are read as a word
    (重庆 chong qing, 长沙 chang sha), because most names begin with a place."""
    start, rest = (name[:2], name[2:]) if _HAN.fullmatch(name[:2]) else ("", name)
    return " ".join(f"{_reading(start)}{''.join(map(_reading, rest))}".split()).lower()


@lru_cache(maxsize=200_000)
def _reading(text: str) -> str:
    from pypinyin import lazy_pinyin  # a third of the start of every command, which seldom sorts

    return f" {' '.join(lazy_pinyin(text))} " if _HAN.fullmatch(text) else text


def name_key(name: str) -> str:
    """One spelling for comparison: half width, upper case, without blanks, quotes and brackets (their content stays)."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", name)).upper()
