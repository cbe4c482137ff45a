"""The page that says in plain words how a draw is held and checked."""

import re

from starlette.testclient import TestClient


def test_the_first_half_can_be_read_without_knowing_computers(anonymous: TestClient) -> None:
    page = anonymous.get("/how-to-verify")
    assert page.status_code == 200
    main = page.text[page.text.index("用平常话说") : page.text.index("懂一点电脑的")]
    plain = re.sub(r"<[^>]+>", "", main)
    assert not re.search("SHA|python|哈希|摘要|strat|hash", plain, re.IGNORECASE)
    for said in ("封箱", "承诺", "种子", "签最小的抽中", "第二版", "另一个人批准"):
        assert said in plain
    assert "SHA256" in page.text, "and whoever wants to can compute it all"
