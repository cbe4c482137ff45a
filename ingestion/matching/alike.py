"""Names alike (近似名称): the enterprises whose present or former name resembles a given one.

A name is 行政区划 + 字号 + 行业 + 组织形式. The first and the last are what people leave out or write otherwise, so
the middle decides: names stream by in chunks and are compared without them, in C; only the best few of each question
are then compared whole. Memory does not grow with the number of enterprises, time does (see bench/matches.py).
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

CHUNK_NAMES = 20_000
CHUNK_QUESTIONS = 500
"""One table of scores has 20,000 × 500 four-byte cells: 40 MB."""
SHORTLIST = 20
LEAST_CORE = 0.5
LEAST = 60.0
"""Below this a candidate is noise: two trades in common and nothing else."""

_PLACE = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,7}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,5}?[市州盟])?(?:[\u4e00-\u9fff]{1,4}?[区县旗])?"
)
_FORM = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|股份公司|集团公司|公司|集团|普通合伙|有限合伙|特殊普通合伙|合伙企业|个人独资企业"
    r"|农民专业合作社|专业合作社|合作社|分公司|分店|个体工商户)+$"
)

Alike = tuple[float, str, str]
"""Score 0 to 100, the name known (in its form for comparison), enterprise_code."""


def core(key: str) -> str:
    """A name key without place and legal form; the whole key where nothing would be left."""
    bare = _FORM.sub("", _PLACE.sub("", key, count=1))
    return bare if len(bare) >= 2 else key


def likeness(given: str, known: str) -> float:
    """0 to 100 for two name keys: half the core, three tenths how it begins (字号), two tenths the whole."""
    one, other = core(given), core(known)
    parts = (
        0.5 * Indel.normalized_similarity(one, other),
        0.3 * Indel.normalized_similarity(one[:4], other[:4]),
        0.2 * Indel.normalized_similarity(given, known),
    )
    return round(100 * sum(parts), 1)


class Shortlists:
    """The names that resemble each of some keys most, kept while all names stream by."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = list(keys)
        self._cores = [core(key) for key in keys]
        self._least = np.full(len(keys), LEAST_CORE, dtype=np.float32)
        self._kept: list[list[Alike]] = [[] for _ in keys]

    def add(self, names: Sequence[tuple[str, str]]) -> None:
        """Look at a chunk of (name key, enterprise_code)."""
        cores = [core(name) for name, _ in names]
        for start in range(0, len(self.keys), CHUNK_QUESTIONS):
            block = self._cores[start : start + CHUNK_QUESTIONS]
            least = self._least[start : start + len(block)]
            scores = process.cdist(
                block, cores, scorer=Indel.normalized_similarity, score_cutoff=float(least.min()), dtype=np.float32,
                workers=-1,
            )  # fmt: skip
            wanted = scores >= least[:, None]
            for question, place in zip(*np.nonzero(wanted), strict=True):
                self._kept[start + question].append((float(scores[question, place]), *names[place]))
        for question, kept in enumerate(self._kept):
            if len(kept) > SHORTLIST:
                self._keep_best(question)

    def best(self) -> dict[str, list[Alike]]:
        """Key → the names that resemble it, best first, each enterprise once."""
        return {key: self._ranked(key, kept) for key, kept in zip(self.keys, self._kept, strict=True)}

    def _keep_best(self, question: int) -> None:
        kept = sorted(self._kept[question], key=lambda alike: (-alike[0], alike[1], alike[2]))[:SHORTLIST]
        self._kept[question] = kept
        self._least[question] = kept[-1][0]

    @staticmethod
    def _ranked(key: str, kept: Iterable[Alike]) -> list[Alike]:
        scored = sorted((-likeness(key, name), name, code) for _, name, code in kept)
        best: dict[str, Alike] = {}
        for score, name, code in scored:
            if -score >= LEAST:
                best.setdefault(code, (-score, name, code))
        return list(best.values())
