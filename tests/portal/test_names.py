"""Names beside codes on officers' pages: every known code is named, nothing else is touched, and text stays text."""

from typing import Any

from portal.reading.names import names_in
from portal.web.naming import naming
from tests.journeys import records as r


def test_a_code_is_read_with_its_name_and_the_code_small_beside_it() -> None:
    named = naming({"990101": "城东区", "91990101": "某商行"})
    assert (
        str(named("990101 2 次未排入")) == '城东区 <small class="code muted nowrap">990101</small> 2 次未排入'
    )
    assert str(named("91990101:期限")) == '某商行 <small class="code muted nowrap">91990101</small>:期限'


def test_a_longer_code_is_not_named_by_its_beginning() -> None:
    named = naming({"990101": "城东区"})
    for text in ("990101001", "X990101", "990101#2"):
        assert str(named(text)) == text


def test_names_and_texts_are_escaped() -> None:
    named = naming({"A1": "<b>甲</b> & 乙"})
    assert str(named("<i>A1</i>")) == (
        '&lt;i&gt;&lt;b&gt;甲&lt;/b&gt; &amp; 乙 <small class="code muted nowrap">A1</small>&lt;/i&gt;'
    )
    assert str(naming({})("<i>")) == "&lt;i&gt;"


def test_firms_districts_and_only_if_asked_for_people_are_found(town: Any, records: r.Records) -> None:
    staff, person = r.INSPECTORS[0][:2]
    text = f"{r.NORTH} 的 {r.OWN}:{staff} 须回避,{r.OWN}#2"
    with town.engine_for("portal").connect() as connection:
        found = names_in(connection, [text])
        people = names_in(connection, [text], people=True)
    assert found[r.OWN]
    assert found[f"{r.OWN}#2"] == f"{found[r.OWN]}（第 2 处）"
    assert r.NORTH in found
    assert "市场监督管理局" not in found[r.NORTH]
    assert staff not in found
    assert people[staff] == person
