"""The 一单两库 at the door: looked up, changed with a reason, retired, removals confirmed, by the whole place's officers only."""

import re
from typing import Any

from sqlalchemy import func, insert, select
from starlette.testclient import TestClient

from registry import tables as t
from registry.tables import CheckItem, LibraryEntry
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PAGE = "/staff/registers/check_item/record"


def send(client: TestClient, path: str, form: dict[str, Any]) -> Any:
    token = TOKEN.findall(client.get("/staff/registers").text)[0]
    return client.post(path, data=form | {"csrf_token": token}, follow_redirects=False)


def item_of(town: Any) -> tuple[str, str]:
    with town.owner().connect() as connection:
        named = select(CheckItem.natural_key, CheckItem.item_name).where(CheckItem.item_code == "A09")
        row = connection.execute(named.limit(1)).one()
    return row.natural_key, row.item_name


def test_an_item_is_found_changed_and_shows_who_changed_it(visitor: Any, town: Any) -> None:
    client = visitor("zhangsan")
    key, name = item_of(town)
    assert name in client.get("/staff/registers/check_item?text=A09").text
    page = client.get(PAGE, params={"key": key})
    assert page.status_code == 200
    assert f'value="{name}"' in page.text
    wordless = send(client, PAGE, {"key": key, "cell:remark": "按省局清单", "reason": ""})
    assert (wordless.status_code, "理由" in wordless.text) == (422, True)
    faulty = send(client, PAGE, {"key": key, "cell:minutes": "很久", "reason": "更改用时"})
    assert (faulty.status_code, "没有保存" in faulty.text) == (422, True)
    assert (
        send(client, PAGE, {"key": key, "cell:remark": "按省局清单", "reason": "省局来文"}).status_code == 303
    )
    after = client.get(PAGE, params={"key": key}).text
    assert "备注：按省局清单" in after
    assert "市局计划岗" in after
    assert "省局来文" in after


def test_an_item_is_retired_with_its_last_day(visitor: Any, town: Any) -> None:
    client = visitor("zhangsan")
    key, _ = item_of(town)
    form = {"key": key, "reason": "法规修订取消", "last_day": "2026-12-01"}
    assert send(client, "/staff/registers/check_item/retire", form).status_code == 303
    with town.owner().connect() as connection:
        newest = (
            select(CheckItem.active, CheckItem.valid_to)
            .where(CheckItem.natural_key == key)
            .order_by(CheckItem.id.desc())
        )
        row = connection.execute(newest.limit(1)).one()
    assert (row.active, str(row.valid_to)) == (False, "2026-12-01")


def test_removals_are_ticked_by_a_person(visitor: Any, town: Any) -> None:
    with town.owner().begin() as connection:
        values = {
            "natural_key": f"校园|{r.OWN}||L-1", "content_hash": "x" * 64, "known_at": r.LONG_AGO, "batch_id": 1,
            "row_no": 1, "enterprise_code": r.OWN, "library": "校园", "entname": r.FIRMS[0][1], "licence_no": "L-1",
            "valid_to": r.AS_OF, "regorg": "990100", "localadm": r.NORTH, "active": True,
        }  # fmt: skip
        connection.execute(insert(LibraryEntry).values(**values))
    client = visitor("zhangsan")
    assert "已过期，应移出校园" in client.get("/staff/registers").text
    assert send(client, "/staff/removals", {}).status_code == 422
    answer = send(client, "/staff/removals", {"key": [values["natural_key"]]})
    assert answer.status_code == 303
    assert "应移出校园" not in client.get("/staff/registers").text
    with town.owner().connect() as connection:
        same = t.LibraryEntry.natural_key == values["natural_key"]
        assert connection.execute(select(func.count()).where(same)).scalar_one() == 2


def test_other_data_and_other_officers_are_refused(visitor: Any) -> None:
    assert visitor("zhangsan").get("/staff/registers/penalty").status_code == 422
    assert visitor("zhangsan").get(PAGE, params={"key": "NOSUCH"}).status_code == 404
    assert visitor("beian").get("/staff/registers").status_code == 403
    for query in ("?page=0", "?page=999", "?text=%25_%27", "?text=%00"):
        assert visitor("zhangsan").get(f"/staff/registers/library{query}").status_code == 200
