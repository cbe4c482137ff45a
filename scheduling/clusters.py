"""Travel clusters (出行片区): which doors lie near enough to be visited on one trip, where no file says so.

A stated 片区 or 街道 stands. Else a park is one; else, within a district, coordinates are clustered by complete
linkage, so that no two doors of a cluster lie farther apart than the rule allows; else the address names a park,
street or town; else the office in charge. The same places give the same clusters in any order.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KM_A_DEGREE = 111.195
"""Kilometres a degree of latitude on a sphere of 6,371 km."""
_CELLS_A_DIAMETER = 40
_MOST_CELLS = 3000
_PARK = re.compile(r"[^省市区县\d\s,,]{1,10}?(?:开发区|高新区|保税区|工业园区?|产业园区?|科技园区?|园区)")
_STREET = re.compile(r"[^省市区县州盟旗\d\s,,]{1,8}?(?:街道|镇|乡|苏木)")

Floats = NDArray[np.float64]


def travel_clusters(places: pd.DataFrame, kilometres: float) -> list[str]:
    """The cluster of each row (出行片区), never empty.

    `places` has cluster ("" where nobody states one), park, district, longitude, latitude (NaN where unknown), address
    and localadm. `kilometres` is the largest distance between two doors of one computed cluster.
    """
    words = [_area(address) for address in places["address"].fillna("")]
    names = [
        stated or park or ""
        for stated, park in zip(places["cluster"].fillna(""), places["park"].fillna(""), strict=True)
    ]
    located = places["longitude"].notna() & places["latitude"].notna()
    waiting = np.flatnonzero(located.to_numpy(bool) & (np.array(names, dtype=object) == ""))
    spots = places[["longitude", "latitude"]].to_numpy(float)
    districts = places["district"].fillna("").to_numpy(object)
    groups: dict[tuple[str, int], NDArray[np.int64]] = {}
    for district in sorted(set(districts[waiting])):
        rows = waiting[districts[waiting] == district]
        labels = near_each_other(spots[rows], kilometres)
        groups |= {(district, label): rows[labels == label] for label in sorted(set(labels.tolist()))}
    for key, name in _named(groups, words, spots).items():
        for row in groups[key].tolist():
            names[row] = name
    rest = zip(names, districts, words, places["localadm"].fillna(""), strict=True)
    return [
        name or (f"{district}{word}" if word else office or district) for name, district, word, office in rest
    ]


def near_each_other(spots: Floats, kilometres: float) -> NDArray[np.int64]:
    """Cluster numbers of spots [n, longitude and latitude in degrees]: no two of one number lie farther apart.

    Spots are gathered in small square cells first, and the cells' corners are joined by complete linkage with the
    cell's diagonal kept back; numbers run from west to east, then from south to north.
    """
    plane = _on_plane(spots)
    side, cells = kilometres / _CELLS_A_DIAMETER, np.zeros((0, 2))
    while True:
        cells, of = np.unique(np.floor(plane / side).astype(np.int64), axis=0, return_inverse=True)
        if len(cells) <= _MOST_CELLS or side * 2 * np.sqrt(2) >= kilometres / 2:
            break
        side *= 2
    labels = _linked(cells * side, kilometres - side * np.sqrt(2))
    west = sorted(set(labels.tolist()), key=lambda k: tuple(cells[labels == k].mean(axis=0)))
    order = np.empty(len(west), dtype=np.int64)
    order[west] = np.arange(len(west))
    return order[labels[of.reshape(-1)]]


def spread(spots: Floats) -> float:
    """Largest distance between two of the spots, kilometres (片区直径)."""
    plane = _on_plane(spots)
    return max((float(np.hypot(*(plane - one).T).max()) for one in plane), default=0.0)


def _linked(corners: Floats, limit: float) -> NDArray[np.int64]:
    if len(corners) < 2:
        return np.zeros(len(corners), dtype=np.int64)
    # It takes a while to load, and most places state their clusters.
    from scipy.cluster.hierarchy import fcluster, linkage

    return np.asarray(fcluster(linkage(corners, "complete"), limit, "distance"), dtype=np.int64) - 1


def _on_plane(spots: Floats) -> Floats:
    """Kilometres east and north; within a district the plane errs by less than a metre a kilometre."""
    middle = np.deg2rad(spots[:, 1].mean() if len(spots) else 0.0)
    return spots * KM_A_DEGREE * np.array([np.cos(middle), 1.0])


def _named(
    groups: dict[tuple[str, int], NDArray[np.int64]], words: Sequence[str], spots: Floats
) -> dict[tuple[str, int], str]:
    """A computed cluster is called after the street most of its addresses name, and numbered: 东湖街道片1, 东湖街道片2."""
    called: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, rows in groups.items():
        said = Counter(words[row] for row in rows.tolist() if words[row])
        word = min(said, key=lambda w: (-said[w], w)) if said else key[0]
        called[word].append(key)
    return {
        key: f"{word}片{number}"
        for word, keys in called.items()
        for number, key in enumerate(
            sorted(keys, key=lambda k: (k[0], *spots[groups[k]].mean(axis=0))), start=1
        )
    }


def _area(address: str) -> str:
    """The park, street or town that an address names, "" where it names none (街道乡镇)."""
    found = _PARK.search(address) or _STREET.search(address)
    return found.group() if found else ""
