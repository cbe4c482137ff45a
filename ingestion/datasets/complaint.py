"""Complaints and reports (投诉举报, 12315). Nothing about the complainant enters."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns, personal

COMPLAINT = Dataset(
    name="complaint",
    title="投诉举报",
    says="12315 投诉、举报。与投诉人有关的列读到即弃；办结后重新报送整行。",
    table="complaint",
    identity="must",
    key=("complaint_no",),
    occurred="received_on",
    in_order=(("closed_on", "received_on"),),
    columns=(
        Column("complaint_no", "投诉举报编号", "COMPLAINT_NO", "code", required=True, longest=64),
        Column("kind", "类型", "KIND", "choice", required=True, choices={"投诉": "投诉", "举报": "举报"}),
        *identity_columns(),
        Column("received_on", "登记日期", "RECEIVED_ON", "date", required=True),
        Column("topic", "涉及事项", "TOPIC", required=True, longest=500),
        Column(
            "verified",
            "是否属实",
            "VERIFIED",
            "choice",
            choices={"属实": True, "不属实": False, "是": True, "否": False},
        ),
        Column("closed_on", "办结日期", "CLOSED_ON", "date"),
        *ROW_TIMES,
        *personal(
            ("投诉人姓名", "COMPLAINANT"),
            ("投诉人电话", "COMPLAINANT_TEL"),
            ("投诉人证件号码", "COMPLAINANT_ID"),
        ),
    ),
)
