"""Waivers: recommended only when everything is known and in order; never after a violation of the same kind."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from registry.errors import Refusal
from registry.tables import WaiverCase, WaiverDecision, WaiverProposal
from risk.waivers import Earlier, catalogue_item, judge_case, propose_waiver
from tests.risk.town import PLACE, enterprise, penalty, store

ITEMS = ("W01", "W04", "W07", "F2", "F5")
DAY = date(2026, 5, 10)
AS_OF = date(2026, 6, 1)
CODE = "A0000001"
GOOD: dict[str, dict[str, Any]] = {
    "W01": {}, "W04": {"years_missed": 1}, "W07": {"own_media": True},
    "F2": {"meets_permit_conditions": True, "food_accident": False},
    "F5": {"catering": False, "source_known": True, "food_accident": False},
}  # fmt: skip
USUAL: dict[str, Any] = {
    "goods_value": 320, "illegal_gain": 0, "duration_days": 12, "corrected_on": date(2026, 5, 15),
    "order_deadline": date(2026, 5, 20), "harm": False,
}  # fmt: skip


def _case(engine: Engine, item: str = "F5", on: date = DAY, **changes: Any) -> int:
    facts = GOOD[item] | changes.pop("facts", {})
    values = {
        "enterprise_code": CODE, "item_code": item, "occurred_on": on, **USUAL, **changes, "facts": facts,
        "entered_by": "officer", "entered_at": datetime(2026, 5, 20, 9),
    }  # fmt: skip
    with engine.begin() as connection:
        return int(
            connection.execute(insert(WaiverCase).values(**values).returning(WaiverCase.id)).scalar_one()
        )


def _proposal(engine: Engine, case_id: int, as_of: date = AS_OF) -> Any:
    made = propose_waiver(engine, case_id, as_of, PLACE)
    with engine.connect() as connection:
        return connection.execute(select(*WaiverProposal.__table__.c).where(WaiverProposal.id == made)).one()


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """One registered shop with a clean record."""
    store(engine, {"enterprise": [enterprise(CODE)]})
    return engine


@pytest.mark.parametrize("item", ITEMS)
def test_each_item_is_eligible_when_all_is_known_and_in_order(shop: Engine, item: str) -> None:
    """With article, documents, duties and the look-back in the evidence; it decides nothing."""
    found = _proposal(shop, _case(shop, item))
    assert (found.verdict, found.missing) == ("eligible", [])
    assert "第三十三条" in found.article
    assert found.documents
    assert found.evidence["looked_back_from"] == "2024-05-10"
    with shop.connect() as connection:
        assert connection.execute(select(WaiverDecision.id)).all() == []


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"goods_value": 500}, "eligible"),
        ({"goods_value": 501}, "not_eligible"),
        ({"goods_value": None}, "need_human"),
        ({"corrected_on": None}, "need_human"),
        ({"corrected_on": date(2026, 5, 20)}, "eligible"),
        ({"corrected_on": date(2026, 5, 21)}, "not_eligible"),
        ({"corrected_on": date(2026, 5, 11), "order_deadline": None}, "eligible"),
        ({"facts": {"catering": True}}, "not_eligible"),
        ({"facts": {"source_known": None}}, "need_human"),
        ({"facts": {"food_accident": "unsure"}}, "need_human"),
        ({"facts": {"personal_injury": True}}, "not_eligible"),
    ],
)
def test_conditions_of_expired_food(shop: Engine, changes: dict[str, Any], verdict: str) -> None:
    """F5: not catering, goods up to 500 元, source known, no accident, corrected in time."""
    found = _proposal(shop, _case(shop, **changes))
    assert found.verdict == verdict
    assert bool(found.missing) == (verdict == "need_human")
    assert bool(found.documents) == (verdict != "not_eligible")


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (date(2024, 5, 9), "eligible"),
        (date(2024, 5, 10), "not_eligible"),
        (DAY, "not_eligible"),
        (date(2026, 5, 20), "need_human"),
    ],
)
def test_a_penalty_of_the_same_kind_within_two_years_bars_it(shop: Engine, day: date, verdict: str) -> None:
    """To the day; one decided after this violation is for a person to weigh."""
    store(shop, {"penalty": [penalty(CODE, day, day)]})
    assert _proposal(shop, _case(shop)).verdict == verdict


def test_penalties_of_any_status_count(shop: Engine) -> None:
    """Repaired still bars; withdrawn goes to a person; of another kind does not matter; by words where codes differ."""
    day = date(2025, 9, 1)
    repaired = penalty(CODE, day, number="1", repaired_on=day + timedelta(days=100))
    store(shop, {"penalty": [repaired]})
    assert _proposal(shop, _case(shop)).verdict == "not_eligible"
    store(shop, {"penalty": [{**repaired, "retracted": True, "known_at": datetime(2026, 5, 1)}]})
    assert _proposal(shop, _case(shop)).verdict == "need_human"
    assert _proposal(shop, _case(shop, "W01")).verdict == "eligible"
    store(
        shop,
        {"penalty": [penalty(CODE, day, number="2", violation_code="XX", cf_wfxw="销售超过保质期的糕点")]},
    )
    assert _proposal(shop, _case(shop)).verdict == "not_eligible"


def test_what_was_not_known_then_did_not_bar(shop: Engine) -> None:
    """A penalty of another bureau that arrives in July bars nothing in June, and does in August."""
    store(shop, {"penalty": [penalty(CODE, date(2025, 9, 1), date(2026, 7, 1))]})
    case = _case(shop)
    assert _proposal(shop, case).verdict == "eligible"
    assert _proposal(shop, case, date(2026, 8, 1)).verdict == "not_eligible"


def test_an_earlier_waiver_bars_and_an_open_case_asks(shop: Engine) -> None:
    """A waiver is no penalty, yet it was the first time."""
    first = _proposal(shop, _case(shop, on=date(2026, 1, 5)))
    second = _case(shop)
    assert _proposal(shop, second).verdict == "need_human"
    with shop.begin() as connection:
        connection.execute(insert(WaiverDecision).values(
            proposal_id=first.id, waived=True, reason="首违", decided_by="officer", decided_at=datetime(2026, 5, 25),
        ))  # fmt: skip
    found = _proposal(shop, second)
    assert found.verdict == "not_eligible"
    assert found.evidence["same_kind"][0]["table"] == "waiver_proposal"


@given(
    item=st.sampled_from(ITEMS),
    facts=st.fixed_dictionaries({
        "goods_value": st.none() | st.integers(0, 2000), "duration_days": st.none() | st.integers(0, 90),
        "corrected_on": st.none() | st.dates(DAY, AS_OF), "order_deadline": st.none() | st.dates(DAY, AS_OF),
        "harm": st.none() | st.booleans(), "years_missed": st.none() | st.integers(1, 3),
        "own_media": st.none() | st.booleans(), "catering": st.none() | st.booleans(),
        "source_known": st.none() | st.booleans(), "food_accident": st.none() | st.booleans(),
        "meets_permit_conditions": st.none() | st.booleans(),
    }),
    earlier=st.lists(st.builds(Earlier, st.just("处罚"), st.dates(date(2024, 5, 10), DAY), st.booleans(), st.just({})), max_size=3),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_never_proposed_after_the_same_kind_nor_on_missing_facts(
    item: str, facts: dict[str, Any], earlier: list[Earlier]
) -> None:
    """C-43, whatever the facts: a certain one bars, a doubtful one or an unknown fact goes to a person."""
    verdict = judge_case(facts, catalogue_item(item, PLACE, DAY), earlier, 2, {})
    if earlier:
        assert verdict.verdict != "eligible"
    if any(found.certain for found in earlier):
        assert verdict.verdict == "not_eligible"
        assert any("同类违法" in reason for reason in verdict.reasons)
    needed = [c["fact"] for c in catalogue_item(item, PLACE, DAY).value["conditions"]]
    if any(facts[name] is None for name in needed):
        assert verdict.verdict != "eligible"
        assert verdict.missing
    if verdict.verdict == "eligible":
        assert not verdict.reasons
        assert not verdict.missing


def test_unknown_cases_and_items_are_refused(shop: Engine) -> None:
    """Each says what there is."""
    with pytest.raises(Refusal) as refusal:
        propose_waiver(shop, 4711, AS_OF, PLACE)
    assert refusal.value.code == "waiver.no_case"
    with pytest.raises(Refusal) as refusal:
        catalogue_item("Z1", PLACE, DAY)
    assert "F5" in refusal.value.sentence


def test_before_the_list_was_in_force_there_is_no_item() -> None:
    """F5 came with the list of 27 January 2025."""
    with pytest.raises(Refusal) as refusal:
        catalogue_item("F5", PLACE, date(2025, 1, 26))
    assert refusal.value.code == "rules.not_in_force"
