"""The waiver list (免罚清单) as forms and pages need it: the rules' items in force, with their wording."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.datastructures import FormData

from registry.errors import Refusal
from registry.rules import Rule, load_rules

PREFIX = "waiver.item."
_OWN_FIELDS = ("goods_value", "illegal_gain", "duration_days", "corrected_on", "order_deadline", "harm")


@dataclass(frozen=True)
class Question:
    """A fact that a condition of the item asks for, beside the case's own fields."""

    fact: str
    text: str
    number: bool


@dataclass(frozen=True)
class WaiverItem:
    """One kind of violation: its words, its basis, the duties that remain, and what has to be known."""

    code: str
    conduct: str
    kind: str
    basis: str
    duties: str
    questions: tuple[Question, ...]


def waiver_items(place: str, day: date) -> dict[str, WaiverItem]:
    """Item code → item, as in force at a place on a day."""
    items = [_item(rule) for rule in load_rules().in_force(PREFIX, place, day)]
    return {item.code: item for item in items}


def condition_answers(form: FormData, item: WaiverItem) -> dict[str, Any]:
    """The answers given to the item's own questions: fact → true, false or a number; unanswered ones are left out."""
    answers: dict[str, Any] = {}
    for question in item.questions:
        text = str(form.get(f"fact:{item.code}:{question.fact}", "")).strip()
        if text:
            answers[question.fact] = _number(question, text) if question.number else text == "yes"
    return answers


def _item(rule: Rule) -> WaiverItem:
    value = rule.value
    questions = tuple(
        Question(condition["fact"], condition["missing"], condition["test"] == "at_most")
        for condition in value["conditions"]
        if condition["fact"] not in _OWN_FIELDS
    )
    code = rule.key.removeprefix(PREFIX)
    return WaiverItem(code, value["name"], value["kind"], rule.basis, value.get("duties", ""), questions)


def _number(question: Question, text: str) -> float:
    try:
        return float(Decimal(text))
    except InvalidOperation:
        raise Refusal("waiver.number", f"“{question.text}”应填数字。", "请更正后重新提交。") from None
