"""Addresses that may not be registered, or only with care (住所负面清单); domain.md 1.5 feature 14."""

import pandas as pd

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, Surroundings
from registry.addresses import address_key

ADDRESS_KINDS = {
    **dict.fromkeys(("冒用地址", "虚假地址", "冒用"), "冒用地址"),
    **dict.fromkeys(("无法联系", "查无此地", "失联地址"), "无法联系"),
    **dict.fromkeys(("违法建筑", "违章建筑", "违法建设"), "违法建筑"),
    **dict.fromkeys(("拟拆迁", "征收拆迁", "危险房屋", "危房"), "拆迁危房"),
    **dict.fromkeys(("禁设区域", "不得从事经营", "住宅禁止经营"), "禁设区域"),
    **dict.fromkeys(("集中登记异常", "集群登记异常", "异常集中登记"), "集中登记异常"),
    **dict.fromkeys(("其他",), "其他"),
}


def read_address(rows: pd.DataFrame, around: Surroundings) -> None:
    """What the address is compared by with a registered one."""
    rows["address_key"] = [address_key(address) for address in rows["address"]]


ADDRESS_NEGATIVE = Dataset(
    name="address_negative",
    title="住所负面清单",
    says="不得或慎作住所（经营场所）登记的地址，一个地址一类一行；登记在这些地址的主体风险较高。移出后重新报送整行。",
    table="address_negative",
    key=("address", "kind", "listed_on"),
    occurred="listed_on",
    in_order=(("removed_on", "listed_on"),),
    sender="organ",
    snapshot=True,
    columns=(
        Column("address", "地址", "ADDRESS", required=True, longest=500, note="与登记住所写法一致，写到门牌、房号"),
        Column("division", "行政区划", "DIVISION", "code", required=True, pattern="[0-9]{6,12}"),
        Column("kind", "类别", "KIND", "choice", required=True, choices=ADDRESS_KINDS),
        Column("reason", "列入原因", "REASON", required=True, longest=1000),
        Column("organ", "认定机关", "ORGAN", required=True, longest=200),
        Column("listed_on", "列入日期", "LISTED_ON", "date", required=True),
        Column("removed_on", "移出日期", "REMOVED_ON", "date", open_ended=True),
        *ROW_TIMES,
    ),
    derive=read_address,
    derived=("address_key",),
)  # fmt: skip
