"""Names and personal numbers."""

import hashlib

import pytest

from ingestion.names import name_key, pinyin_key
from ingestion.redaction import hide_telephone, redact, telephone_hash


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("身份证110101199003070898。", "身份证（证件号码已隐去）。"),
        ("电话13800001234转", "电话（电话已隐去）转"),
        ("代码914403001922038216", "代码914403001922038216"),
        ("编号110101199003070899", "编号110101199003070899"),  # the check digit is wrong: no person's
        ("订单138000012345", "订单138000012345"),
        ("没有数字", "没有数字"),
    ],
)
def test_personal_numbers_are_taken_out_and_others_stay(text: str, stored: str) -> None:
    assert redact(text) == stored


def test_a_telephone_is_kept_as_its_hash_only() -> None:
    hashed = hashlib.sha256(b"09908888001").hexdigest()
    assert telephone_hash("0990-8888001") == telephone_hash("(0990) 8888001") == hashed
    assert telephone_hash(hide_telephone("0990-8888001")) == hashed
    assert telephone_hash("") is telephone_hash("无") is None
    assert hide_telephone("") == ""


def test_chinese_sorts_by_sound() -> None:
    names = ["重庆火锅", "安和茶庄", "长沙米粉", "成都小吃", "Bistro"]
    assert sorted(names, key=pinyin_key) == ["安和茶庄", "Bistro", "长沙米粉", "成都小吃", "重庆火锅"]
    assert pinyin_key("老王Cafe 1号") == "lao wang cafe 1 hao"
    assert pinyin_key("") == ""


def test_spellings_of_one_name() -> None:
    assert name_key("三生（中国）健康 产业有限公司") == name_key("三生(中国)健康产业有限公司")
    assert name_key("甲公司") != name_key("乙公司")
