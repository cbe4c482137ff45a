"""Names on pages (页面上的名称): a code is read with its name, the code small beside it."""

import re
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

_CODE = Markup('{} <small class="code muted nowrap">{}</small>')


def naming(names: Mapping[str, str]) -> Callable[[str], Markup]:
    """A function for templates: the text, escaped, with every known code in it named."""
    known = "|".join(re.escape(code) for code in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![0-9A-Za-z])(?:{known})(?![0-9A-Za-z#])") if known else None

    def named(text: str) -> Markup:
        if pattern is None:
            return escape(text)
        parts, end = [], 0
        for found in pattern.finditer(text):
            parts += [escape(text[end : found.start()]), _CODE.format(names[found.group()], found.group())]
            end = found.end()
        return Markup("").join([*parts, escape(text[end:])])

    return named
