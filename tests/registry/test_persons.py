"""One person under two spellings is one person, wherever a second one is needed."""

import pytest

from registry.persons import same_person


@pytest.mark.parametrize("other", ["张三", " 张三", "张 三", "张三　"])
def test_blanks_make_no_second_person(other: str) -> None:
    assert same_person("张三", other)


def test_width_and_case_make_no_second_person() -> None:
    assert same_person("ZhangSan", " ｚｈａｎｇ san ")
    assert not same_person("张三", "张三丰")
