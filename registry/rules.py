"""Rules (规则): the value in force on a date at a place, with its legal basis. The law is data.

Every file in `rules/*.toml` holds `[[rule]]` entries: key, place, from, to (optional), value, unit
(optional) and basis. A place inherits from its parent in `rules/places.toml`. Modelled on OpenFisca:
every value has a date and a citation.
"""

import hashlib
import itertools
import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from registry.errors import Refusal


@dataclass(frozen=True)
class Rule:
    """One dated value: in force from `since` to `until` inclusive (None: still in force) at `place`."""

    key: str
    place: str
    since: date
    until: date | None
    value: Any
    unit: str
    basis: str
    source: str


@dataclass(frozen=True)
class Rulebook:
    """All rules of a folder. `version` is the hash of their bytes; grades and plans carry it.

    `texts` are the files themselves by name, so that whoever relied on them can keep them.
    """

    rules: dict[str, tuple[Rule, ...]]
    places: dict[str, dict[str, str]]
    version: str
    texts: dict[str, str] = field(default_factory=dict, repr=False)

    def rule(self, key: str, place: str, on: date) -> Rule:
        """The rule in force at `place` (or its nearest ancestor) on a date.

        Raises Refusal: rules.unknown_place, rules.unknown_key, rules.not_in_force.
        """
        chain = self.ancestry(place)
        if key not in self.rules:
            raise Refusal("rules.unknown_key", f"规则库里没有“{key}”。", "在 rules/ 下登记这一规则及其依据。")
        for level in chain:
            for rule in self.rules[key]:
                if rule.place == level and rule.since <= on and (rule.until is None or on <= rule.until):
                    return rule
        spans = "；".join(f"{r.place} {r.since}—{r.until or '今'}" for r in self.rules[key])
        raise Refusal(
            "rules.not_in_force",
            f"规则“{key}”在 {place}（{'→'.join(chain)}）于 {on} 没有生效的值（现有：{spans}）。",
            "补登该地区该日期的值和依据，或更改日期。",
        )

    def value(self, key: str, place: str, on: date) -> Any:
        """Only the value of `rule(...)`."""
        return self.rule(key, place, on).value

    def keys(self, prefix: str) -> list[str]:
        """All keys below a prefix such as `grade.hard_rule.`, sorted."""
        return sorted(key for key in self.rules if key.startswith(prefix))

    def in_force(self, prefix: str, place: str, on: date) -> list[Rule]:
        """The rules in force below a prefix, one a key; keys with no value there and then are left out."""
        found = []
        for key in self.keys(prefix):
            try:
                found.append(self.rule(key, place, on))
            except Refusal as refusal:
                if refusal.code != "rules.not_in_force":
                    raise
        return found

    def ancestry(self, place: str) -> list[str]:
        """The place and its parents up to the state. Raises Refusal rules.unknown_place."""
        chain: list[str] = []
        current = place
        while current:
            if current not in self.places:
                raise Refusal(
                    "rules.unknown_place",
                    f"规则库里没有地区“{current}”。",
                    "在 rules/places.toml 登记该地区。",
                )
            chain.append(current)
            current = self.places[current].get("parent", "")
        return chain


@lru_cache(maxsize=4)
def load_rules(folder: Path | None = None) -> Rulebook:
    """Read a folder of rules (default: the package's). Raises Refusal rules.malformed naming file and entry."""
    where = folder or Path(str(resources.files("rules")))
    return rulebook_of({file.name: file.read_bytes().decode() for file in where.glob("*.toml")})


def rulebook_of(texts: dict[str, str]) -> Rulebook:
    """The rules in texts by file name: those of a folder, or those that were kept of an earlier day."""
    digest = hashlib.sha256()
    rules: dict[str, list[Rule]] = {}
    places: dict[str, dict[str, str]] = {}
    for name, content in sorted(texts.items()):
        digest.update(name.encode() + b"\0" + content.encode())
        parsed = tomllib.loads(content)
        places.update(parsed.get("places", {}))
        for number, entry in enumerate(parsed.get("rule", []), start=1):
            rule = _rule(name, number, entry)
            rules.setdefault(rule.key, []).append(rule)
    _refuse_overlaps(rules)
    ordered = {key: tuple(sorted(many, key=lambda r: r.since)) for key, many in rules.items()}
    return Rulebook(ordered, places, digest.hexdigest()[:16], dict(texts))


def _rule(file: str, number: int, entry: dict[str, Any]) -> Rule:
    missing = [name for name in ("key", "place", "from", "value", "basis") if name not in entry]
    if missing:
        raise Refusal("rules.malformed", f"rules/{file} 第 {number} 条缺少 {missing}。", "补全后重试。")
    return Rule(
        entry["key"],
        entry["place"],
        entry["from"],
        entry.get("to"),
        entry["value"],
        entry.get("unit", ""),
        entry["basis"],
        f"{file}#{number}",
    )


def _refuse_overlaps(rules: dict[str, list[Rule]]) -> None:
    for key, many in rules.items():
        ordered = sorted(many, key=lambda r: (r.place, r.since))
        for earlier, later in itertools.pairwise(ordered):
            if earlier.place == later.place and (earlier.until is None or later.since <= earlier.until):
                raise Refusal(
                    "rules.malformed",
                    f"规则“{key}”在 {earlier.place} 有两条同时生效（{earlier.source}、{later.source}）。",
                    "给较早的一条写上 to（失效日期）。",
                )
