"""Inspection results (抽查检查结果): by any department, planned or not."""

from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import AboutEnterprise, Table


class InspectionResult(AboutEnterprise, Table):
    """One check of one object by one department and what was found.

    `draw_type` keeps selection honest: 不定向 rows are the unbiased sample. `problem` is the normalised
    outcome, NULL where the result says nothing (注销, 迁出 …); `raw_result` is the sender's own text.
    """

    __tablename__ = "inspection_result"

    insp_no: Mapped[str]
    inspdate: Mapped[date]
    department: Mapped[str]
    localadm: Mapped[str | None]
    draw_type: Mapped[str]
    """不定向, 定向, 投诉举报, 转办交办, 日常巡查, 数据监测."""
    method: Mapped[str]
    """现场, 书面, 网络."""
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    result_code: Mapped[str]
    """R01–R08, S01–S05 (domain.md 2.4 a)."""
    raw_result: Mapped[str]
    problem: Mapped[bool | None]
    measure: Mapped[float | None]
    """A score the source gives beside the outcome, e.g. 0–100; NULL where none."""
    inspectors: Mapped[list[str]] = mapped_column(ARRAY(String))
    """Staff numbers. Used as an offset in training only; never a feature."""
    published_on: Mapped[date | None]
    item_results: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Item code → {checked, words, result_code}: 未检查 and 合理缺项 have checked false and no code."""
    code_set: Mapped[str | None]
    """Of which code set `raw_result` is (domain.md 2.4); NULL: it is in words."""
    plan_no: Mapped[str | None]
    task_no: Mapped[str | None]
    rectify_due: Mapped[date | None]
    """责令改正期限."""
    rectified_on: Mapped[date | None]
