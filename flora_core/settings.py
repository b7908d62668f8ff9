"""What an operator can set: FLORA_* environment variables, or lines of a `.env` file.

The only reader of the environment. docs/operations.md explains each setting; a test holds the two together.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flora_core.errors import WrongSetting


class Settings(BaseSettings):
    """One frozen set of settings; see the field descriptions."""

    model_config = SettingsConfigDict(
        env_prefix="FLORA_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    database_url: str = Field(
        "sqlite:///data/flora.db",
        description="Where records are kept: sqlite:///path or postgresql://user:password@host/name.",
    )
    models: Path = Field(Path("models"), description="The folder of model artifacts, shared by all replicas.")
    max_upload_mb: int = Field(
        100, ge=1, le=100_000, description="The largest file, in megabytes, that the API takes for a batch."
    )
    keep_results_hours: int = Field(
        24, ge=1, le=10_000, description="How long the API keeps the results of a batch, in hours."
    )
    api_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys of the API, separated by commas, each as name:key. Empty: the API needs no key.",
    )

    alerts: SecretStr = Field(
        SecretStr(""),
        description="Where a change of the verdict is told: addresses as Apprise writes them, parted by spaces.",
    )
    training_minutes: int = Field(
        120, ge=1, le=10_000, description="The longest that a training job on the server may take, in minutes."
    )
    cluster: str = Field(
        "",
        description="The scheduler of a Dask cluster that trains and compares: tcp://host:8786. Empty: this machine does.",
    )
    log: Literal["text", "json"] = Field("text", description="The form of the log's lines: text or json.")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url.startswith("postgres://"):
            url = "postgresql://" + url.removeprefix("postgres://")
        if url.startswith("postgresql://"):
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            # The value itself is not repeated: it may hold a password.
            raise ValueError("it must begin with sqlite:/// or postgresql://")
        return url

    @field_validator("cluster")
    @classmethod
    def _known_cluster(cls, address: str) -> str:
        if address and not address.startswith(("tcp://", "tls://", "ws://", "wss://")):
            raise ValueError("it must be the address of a Dask scheduler, like tcp://host:8786")
        return address

    @field_validator("api_keys")
    @classmethod
    def _keys_have_names(cls, keys: SecretStr) -> SecretStr:
        for entry in filter(None, (part.strip() for part in keys.get_secret_value().split(","))):
            name, colon, key = entry.partition(":")
            if not colon or not name.strip() or len(key.strip()) < 16:
                raise ValueError("each key is written name:key, and a key has at least 16 characters")
        return keys

    def api_keys_by_name(self) -> dict[str, str]:
        """The API keys as {name of the owner: key}; empty when the API is open."""
        entries = filter(None, (part.strip() for part in self.api_keys.get_secret_value().split(",")))
        return {name.strip(): key.strip() for name, _, key in (entry.partition(":") for entry in entries)}


def read_settings() -> Settings:
    """The settings of this process, from the environment and `.env`; reads only.

    Raises
    ------
    WrongSetting
        A value that can't be used, or a FLORA_* variable that does not exist (most often a typing mistake).
    """
    known = {f"FLORA_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith("FLORA_") and name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
            raise WrongSetting(f"{name} is not a setting. {hint}")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"FLORA_{str(first['loc'][0]).upper()}"
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise WrongSetting(f"{name} can't be used: {reason}. docs/operations.md describes it.") from None
