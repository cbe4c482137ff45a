"""Secrecy (密钥): read when a pull needs it, kept nowhere, and taken out of everything that is said."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from ingestion.sources.definition import Secret, Value
from registry.errors import Refusal

SHORTEST = 4
"""A shorter text is no secret worth the name, and hiding it would blot out sentences."""
HIDDEN = "***"


class Secrets:
    """The secrets of one pull. `folder` is data/secrets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: set[str] = set()

    def read(self, secret: Secret) -> str:
        """The text. Raises Refusal secret.missing, secret.exposed."""
        text = self._from_file(secret.file) if secret.file else os.environ.get(str(secret.env), "")
        if not text:
            raise Refusal(
                "secret.missing",
                f"没有找到密钥 {secret.file or secret.env}。",
                f"请写入 {self.folder / secret.file}（权限 600）。" if secret.file
                else f"请给执行 wurao 的账户设置环境变量 {secret.env}。",
            )  # fmt: skip
        return self.remember(text)

    def plain(self, values: Mapping[str, Value]) -> dict[str, str]:
        """Parameters or headers with the secret ones filled in."""
        return {
            name: self.read(value) if isinstance(value, Secret) else str(value)
            for name, value in values.items()
        }

    def remember(self, text: str) -> str:
        """Hide this text too from now on: a token that was handed out, for instance."""
        if len(text) >= SHORTEST:
            self._known |= {text, quote(text, safe=""), quote_plus(text)}
        return text

    def hide(self, text: str) -> str:
        """A sentence without any secret read so far."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def _from_file(self, name: str) -> str:
        path = self.folder / name
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise Refusal("secret.exposed", f"密钥文件 {path} 别人也能读。", f"请执行 chmod 600 {path}。")
            return path.read_text(encoding="utf-8-sig").strip()
        except OSError:
            return ""
