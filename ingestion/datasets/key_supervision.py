"""Key supervision list (重点监管名单): who is under key supervision, in which field, since when; seeds 000 and 003."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns

KEY_SUPERVISION = Dataset(
    name="key_supervision",
    title="重点监管名单",
    says="列入重点监管的主体，一户一个领域一行；名单之外的实行双随机全覆盖。调出后重新报送整行，填调出日期。",
    table="key_supervision",
    identity="must",
    key=("enterprise_code", "field", "listed_on"),
    occurred="listed_on",
    in_order=(("removed_on", "listed_on"),),
    sender="organ",
    snapshot=True,
    columns=(
        *identity_columns(),
        Column("field", "监管领域", "FIELD", required=True, longest=100, note="如 食品生产、特种设备、危险化学品"),
        Column("item_code", "重点监管事项编码", "ITEM_CODE", "code", optional=True, longest=64),
        Column("reason", "列入原因", "REASON", required=True, longest=1000),
        Column("basis", "依据", "BASIS", longest=500),
        Column("listed_on", "列入日期", "LISTED_ON", "date", required=True),
        Column("removed_on", "调出日期", "REMOVED_ON", "date", open_ended=True),
        Column("organ", "决定机关", "ORGAN", required=True, longest=200),
        Column("frequency", "检查频次", "FREQUENCY", optional=True, longest=100, note="如 每年不少于2次"),
        *ROW_TIMES,
    ),
)  # fmt: skip
