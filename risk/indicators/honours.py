"""Honours and certificates (荣誉、认证、知识产权): what speaks for an enterprise, as long as it is valid."""

from collections.abc import Iterator

import numpy as np

from risk.archive import BoolArray
from risk.indicators.view import Column, View


def honours(view: View) -> Iterator[Column]:
    """Columns of the groups, in any order."""
    rows = view.rows("honour")
    awarded = valid_honours(view, ("荣誉",)) & view.within("honor_cnt", rows["awarded_on"])
    yield Column("honor_cnt", rows.count(awarded), awarded)
    for key, kinds in (("cert_valid_cnt", ("体系认证", "自愿认证")), ("ip_cnt", ("知识产权",))):
        valid = valid_honours(view, kinds)
        yield Column(key, rows.count(valid), valid)
    red = valid_honours(view, ("联合激励",))
    yield Column("redlist", np.minimum(rows.count(red), 1.0), red)


def valid_honours(view: View, kinds: tuple[str, ...]) -> BoolArray:
    """Honours of these kinds that hold on the day: awarded, not revoked, not run out."""
    rows = view.rows("honour")
    of_kind = np.zeros(len(rows.row), bool)
    for kind in kinds:
        of_kind |= rows["kind"] == kind
    held = (rows["awarded_on"] <= view.today) & (rows["active"] == 1)
    return of_kind & held & ~(rows["valid_to"] < view.today)
