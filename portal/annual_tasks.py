"""Tasks of an annual plan as people write them (年度任务填写): a JSON file at the command line, a form on the page."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from registry.errors import Refusal
from registry.vocabulary import CREDIT_RISK_CLASSES
from scheduling.annual_plan import AnnualTaskSpec

_TASKS = TypeAdapter(list[AnnualTaskSpec])


def write_tasks(tasks: Sequence[AnnualTaskSpec]) -> str:
    """The tasks as JSON, to be edited and read back."""
    plain = json.loads(_TASKS.dump_json(list(tasks)))
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def read_tasks(text: str) -> list[AnnualTaskSpec]:
    """Tasks from JSON. Raises Refusal annual.file naming task and field."""
    try:
        return _TASKS.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = "·".join(str(part) for part in first["loc"])
        raise Refusal(
            "annual.file",
            f"任务文件第 {where} 处不合要求：{first['msg']}",
            "用 wurao annual draft 得到样例，更正后重试。",
        ) from None


def changed_tasks(tasks: Sequence[AnnualTaskSpec], form: FormData) -> list[AnnualTaskSpec]:
    """The tasks with what the form says about each: t<n>:field; those that are ticked t<n>:drop are left out."""
    return [_changed(task, n, form) for n, task in enumerate(tasks, start=1) if not form.get(f"t{n}:drop")]


def _changed(task: AnnualTaskSpec, n: int, form: FormData) -> AnnualTaskSpec:
    def said(name: str, otherwise: Any) -> str:
        return str(form.get(f"t{n}:{name}", otherwise)).strip()

    try:
        return replace(
            task,
            window_from=date.fromisoformat(said("window_from", task.window_from)),
            window_to=date.fromisoformat(said("window_to", task.window_to)),
            batches=int(said("batches", task.batches)),
            partners=tuple(
                said("partners", "；".join(task.partners)).replace("；", " ").replace(";", " ").split()
            ),
            class_rates={
                k: round(float(said(f"rate_{k}", 100 * task.class_rates[k])) / 100, 6)
                for k in CREDIT_RISK_CLASSES
            },
        )
    except ValueError:
        raise Refusal(
            "annual.form", f"任务“{task.name}”的日期、批次数或比例填写不对。", "日期用选择框，比例填百分数。"
        ) from None
