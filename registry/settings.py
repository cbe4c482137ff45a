"""Settings (系统设置): environment variables `WURAO_*`, then `settings.toml` in the data folder, then defaults."""

import os
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from registry.errors import Refusal


def data_folder() -> Path:
    """The data folder, `WURAO_DATA` or `./data`: database, uploads, bundles and reports live in it."""
    return Path(os.environ.get("WURAO_DATA", "data")).resolve()


class Settings(BaseSettings):
    """Every setting there is; docs/settings.md is generated from these descriptions."""

    model_config = SettingsConfigDict(env_prefix="WURAO_", extra="ignore")

    data: Path = Field(default_factory=data_folder, description="data folder")
    database_url: str | None = Field(
        default=None, description="any PostgreSQL ≥ 15; unset: one is started inside the data folder"
    )
    postgres_bin: Path | None = Field(
        default=None, description="folder with initdb, postgres and pg_ctl to use"
    )
    place: str = Field(default="990100", description="place whose rules are in force (rules/places.toml)")
    today: date | None = Field(
        default=None, description="a simulated date for demonstrations; unset: the real one"
    )
    host: str = Field(default="127.0.0.1", description="address that `wurao serve` listens on")
    port: int = Field(default=8330, description="port that `wurao serve` listens on")
    secure_cookies: bool = Field(
        default=False, description="send cookies over HTTPS only; set behind a TLS proxy"
    )
    session_idle_minutes: int = Field(default=30, description="a session ends after this long without use")
    session_hours: int = Field(default=8, description="a session ends after this long whatever happens")
    login_failures: int = Field(default=5, description="failed sign-ins before an account is locked")
    login_lock_minutes: int = Field(default=15, description="how long a locked account stays locked")
    argon2_memory_kib: int = Field(default=65536, description="memory cost of a password hash")
    upload_megabytes: int = Field(default=200, description="largest file accepted at the upload door")
    person_secret: str | None = Field(
        default=None,
        description="secret under which natural persons are kept as keyed hashes; unset: one is made in the data folder",
    )
    inbox: Path | None = Field(
        default=None, description="drop folder that the worker watches; unset: `inbox` in the data folder"
    )
    watch_seconds: float = Field(
        default=10.0, gt=0, description="how often the worker looks at drop folders and for new sources"
    )
    log_json: bool = Field(default=False, description="write logs as JSON lines for machines")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Explicit arguments win over the environment, which wins over the data folder's settings.toml."""
        in_data_folder = TomlConfigSettingsSource(settings_cls, toml_file=data_folder() / "settings.toml")
        return (init_settings, env_settings, in_data_folder)


def load_settings(**explicit: Any) -> Settings:
    """The settings in force; `explicit` values win. Raises Refusal settings.invalid naming each wrong one."""
    try:
        return Settings(**explicit)
    except ValidationError as wrong:
        said = "；".join(f"WURAO_{str(e['loc'][0]).upper()}={e.get('input')!r}" for e in wrong.errors())
        remedy = "按 docs/reference.md 的说明更正环境变量或 settings.toml。"
        raise Refusal("settings.invalid", f"设置的值不能用：{said}。", remedy) from wrong
