"""SVG for pages with a strict policy (内嵌图): style attributes, which the policy forbids, become plain ones."""

import re
from html import escape, unescape

_STYLE = re.compile(r' style="([^"]*)"')
_FONT = re.compile(r"^(?:(italic|oblique)\s+)?(?:(bold|\d{3})\s+)?([\d.]+(?:px|pt)?)\s+(.+)$")
PLAIN = frozenset(
    {
        "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-dashoffset",
        "stroke-opacity", "fill-opacity", "fill-rule", "opacity", "clip-path", "font-size", "font-family", "font-weight",
        "font-style", "text-anchor",
    }
)  # fmt: skip
"""Properties that SVG knows as attributes; matplotlib writes no others that matter."""


def without_styles(svg: str) -> str:
    """The same picture with presentation attributes in place of `style`; `font` is taken apart."""
    return _STYLE.sub(lambda match: _attributes(unescape(match.group(1))), svg)


def _attributes(style: str) -> str:
    found: dict[str, str] = {}
    for entry in style.split(";"):
        name, _, value = entry.partition(":")
        name, value = name.strip(), value.strip()
        if name == "font" and (font := _FONT.match(value)):
            slant, weight, size, family = font.groups()
            found |= {"font-size": size, "font-family": family}
            found |= {"font-weight": weight} if weight else {}
            found |= {"font-style": slant} if slant else {}
        elif name in PLAIN:
            found[name] = value
    return "".join(f' {name}="{escape(value)}"' for name, value in found.items())
