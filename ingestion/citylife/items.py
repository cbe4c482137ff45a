"""Check items (随机抽查事项清单) of six departments: what may be checked, on what basis, how and for how long."""

import csv
from dataclasses import dataclass
from importlib import resources

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.tables import Table

EVERYBODY = "主体综合库"


@dataclass(frozen=True)
class Item:
    """One check item; `library` names the object library it draws from."""

    code: str
    department: str
    name: str
    sub_item: str
    category: str
    basis: str
    library: str
    ratio: str
    frequency: str
    method: str
    qualification: str | None
    exempt: str | None
    minutes: int


SPECIAL_EQUIPMENT, DRUG, HAZARD = "特种设备安全监察员", "药品检查员", "危险化学品检查员"
FOOD = "食品检查员"
QUALIFICATIONS = {"市场监管": (SPECIAL_EQUIPMENT, DRUG, FOOD), "消防": (HAZARD,)}


def read_items() -> tuple[Item, ...]:
    """The list in check_items.csv."""
    text = resources.files("ingestion.citylife").joinpath("check_items.csv").read_text(encoding="utf-8")
    return tuple(_item(row) for row in csv.DictReader(text.splitlines()))


def _item(row: dict[str, str]) -> Item:
    return Item(
        row["code"], row["department"], row["name"], row["sub_item"], row["category"], row["basis"],
        row["library"], row["ratio"], row["frequency"], row["method"], row["qualification"] or None,
        row["exempt"] or None, int(row["minutes"]),
    )  # fmt: skip


ITEMS = read_items()


def item_rows(valid_from: np.datetime64) -> Table:
    """The item file in the 13 columns of a published list."""
    return {
        "item_code": texts([i.code for i in ITEMS]),
        "item_name": texts([i.name for i in ITEMS]),
        "sub_item": texts([i.sub_item for i in ITEMS]),
        "category": texts([f"{i.category}检查事项" for i in ITEMS]),
        "basis": texts([i.basis for i in ITEMS]),
        "department": texts([i.department for i in ITEMS]),
        "object_scope": texts([f"{i.library}内的经营主体" for i in ITEMS]),
        "library": texts([i.library for i in ITEMS]),
        "ratio": texts([i.ratio for i in ITEMS]),
        "frequency": texts([i.frequency for i in ITEMS]),
        "method": texts([i.method for i in ITEMS]),
        "qualification": texts([i.qualification for i in ITEMS]),
        "exempt_category": texts([i.exempt for i in ITEMS]),
        "minutes": np.array([i.minutes for i in ITEMS]),
        "valid_from": np.full(len(ITEMS), valid_from),
        "valid_to": np.full(len(ITEMS), np.datetime64("2099-12-31")),
        "known_at": np.full(len(ITEMS), valid_from.astype("datetime64[s]") + 40_000),
    }
