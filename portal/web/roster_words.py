"""A change as pages tell it (调整说明): differences by kind, in words, and every text that may name somebody by code."""

from collections.abc import Mapping
from typing import Any

from scheduling.changed import DIFFERENCE_NAMES, in_words
from scheduling.disturbances import KIND_NAMES


def change_words(change: Mapping[str, Any]) -> dict[str, Any]:
    """What a change made different against the version before it (与上一版相比), differences by kind."""
    told = [
        {**d, "before": in_words(d["before"]), "after": in_words(d["after"])} for d in change["differences"]
    ]
    at = {kind: [one for one in told if one["kind"] == kind] for kind in DIFFERENCE_NAMES}
    causes = dict.fromkeys(KIND_NAMES[one["kind"]] for one in change["disturbances"])
    lists = [(DIFFERENCE_NAMES[kind], rows) for kind, rows in at.items() if rows]
    desks = [{**d, "when": in_words(f"{d['day']} {d['half']}")} for d in change.get("desks", ())]
    return {**change, "desks": desks, "causes": list(causes), "lists": lists}


def texts_of_change(change: Mapping[str, Any]) -> list[str]:
    """Texts of a change that may name somebody by code."""
    texts = [d[key] for d in change.get("differences", ()) for key in ("object_id", "sentence")]
    texts += [d["sentence"] for d in change.get("desks", ())]
    return texts + [r[key] for r in change.get("replacements", ()) for key in ("left", "taken", "sentence")]
