"""Refusals: the one family of errors that people read."""


class Refusal(Exception):
    """What was refused, why, and what to do next. `code` is stable; `status` is its HTTP answer.

    >>> str(Refusal("rules.unknown_place", "规则库里没有地区 XX。", "在 rules/places.toml 登记该地区。"))
    '规则库里没有地区 XX。 在 rules/places.toml 登记该地区。'
    """

    def __init__(self, code: str, sentence: str, remedy: str, status: int = 422) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
        self.status = status
