"""What an operator can set: FLORA_* environment variables, or lines of a `.env` file.

The only reader of the environment. docs/operations.md explains each setting; a test holds the two together.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flora_core.access import Role
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
    models: Path | str = Field(
        Path("models"),
        description="Where model artifacts lie, shared by all replicas: a folder, or an object store (s3://bucket/models).",
    )
    results: Path | str = Field(
        "",
        description="Where the API's tables and their results lie: a folder, or an object store that all replicas share "
        "(s3://bucket/results). Empty: beside the database.",
    )
    cache: Path = Field(
        Path("data/cache"), description="The folder for copies of what lies in an object store; it may be emptied."
    )
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
    webhooks: SecretStr = Field(
        SecretStr(""),
        description="Where events are sent as signed web hooks: http or https addresses, parted by spaces.",
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Signs web hooks: whsec_ and 24 to 64 random bytes in base64."
    )
    training_minutes: int = Field(
        120, ge=1, le=10_000, description="The longest that a training job on the server may take, in minutes."
    )
    cluster: str = Field(
        "",
        description="The scheduler of a Dask cluster that trains and compares: tcp://host:8786. Empty: this machine does.",
    )
    without_cluster: Literal["stop", "here"] = Field(
        "stop",
        description="What becomes of work where the cluster is gone: stop, with a sentence, or here, on this machine.",
    )
    processes: int = Field(
        0,
        ge=0,
        le=1024,
        description="Processes that a training may use on this machine at a time. 0: one for each core, at most 8.",
    )
    jobs_at_once: int = Field(
        1, ge=1, le=100, description="Jobs that all servers together work on at a time; more than one suits a cluster."
    )
    access: Literal["", "local", "signed-in", "open"] = Field(
        "",
        description="How the server is run: local, signed-in or open. Empty: signed-in where FLORA_OIDC_ISSUER is set, else "
        "local.",
    )
    open_role: Literal["viewer", "botanist", "curator", "maintainer"] = Field(
        "viewer", description="What everybody may on an open server: viewer, botanist, curator or maintainer."
    )
    hosts: str = Field(
        "localhost,127.0.0.1,[::1]",
        description="The names under which the server answers, parted by commas; any other Host header is refused.",
    )
    site: str = Field(
        "http://localhost:8501", description="The address of the site as visitors type it; sign-in comes back to it."
    )
    oidc_issuer: str = Field(
        "", description="The identity provider: its address, below which /.well-known/openid-configuration is found."
    )
    oidc_client_id: str = Field("", description="The name of this program at the identity provider.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="The secret of this program at the identity provider."
    )
    oidc_groups: str = Field(
        "", description="Roles that groups of the identity provider give, as group=role, parted by commas."
    )
    cookie_secret: SecretStr = Field(
        SecretStr(""), description="Signs the cookie of a sign-in: at least 32 random bytes, the same for all replicas."
    )
    sign_in_hours: int = Field(8, ge=1, le=720, description="How long a sign-in counts, in hours.")
    token: SecretStr = Field(
        SecretStr(""), description="A token of this program: the command acts with its roles instead of all of them."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="What other machines send as Bearer to read /metrics and /readyz; empty: this machine only.",
    )
    max_sessions: int = Field(500, ge=1, le=100_000, description="Open pages of all visitors together.")
    max_sessions_each: int = Field(
        20, ge=1, le=10_000, description="Open pages of one person, or of one address on an open server."
    )
    max_upload_memory_mb: int = Field(
        1000,
        ge=1,
        le=1_000_000,
        description="What all files given to pages may take of the memory together, in megabytes.",
    )
    max_upload_memory_mb_each: int = Field(
        250, ge=1, le=1_000_000, description="And those of one person, or of one address on an open server."
    )
    max_requests_per_minute: int = Field(
        1200,
        ge=1,
        le=10_000_000,
        description="Requests a minute of one person, token or address; not in a local start.",
    )
    max_tables_each: int = Field(5, ge=1, le=1000, description="Tables of one person or token that wait at a time.")
    max_results_mb: int = Field(
        5000, ge=1, le=10_000_000, description="What the results of tables may take of the disk together, in megabytes."
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

    @field_validator("models", "results", mode="after")
    @classmethod
    def _folder_or_address(cls, place: Path | str, info: ValidationInfo) -> Path | str:
        text = str(place)
        if "://" not in text:
            return Path(text) if text or info.field_name == "models" else ""
        parts = urlsplit(text)
        if parts.scheme not in ("s3", "gs", "az") or not parts.netloc:
            raise ValueError("it must be a folder, or the address of an object store, like s3://bucket/models")
        return text.rstrip("/")

    @field_validator("webhooks")
    @classmethod
    def _hooks_are_addresses(cls, hooks: SecretStr) -> SecretStr:
        for place, address in enumerate(hooks.get_secret_value().split(), start=1):
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                # The address itself is not repeated: it may hold a password.
                raise ValueError(f"address {place} must begin with http:// or https:// and name a host")
        return hooks

    @field_validator("cluster")
    @classmethod
    def _known_cluster(cls, address: str) -> str:
        if address and not address.startswith(("tcp://", "tls://", "ws://", "wss://")):
            raise ValueError("it must be the address of a Dask scheduler, like tcp://host:8786")
        return address

    @field_validator("oidc_groups")
    @classmethod
    def _groups_give_roles(cls, groups: str) -> str:
        for entry in filter(None, (part.strip() for part in groups.split(","))):
            group, equals, role = entry.rpartition("=")
            if not equals or not group.strip() or role.strip() not in list(Role):
                raise ValueError(f"each entry is written group=role, and the roles are {', '.join(Role)}")
        return groups

    @field_validator("api_keys")
    @classmethod
    def _keys_have_names(cls, keys: SecretStr) -> SecretStr:
        for entry in filter(None, (part.strip() for part in keys.get_secret_value().split(","))):
            name, colon, key = entry.partition(":")
            if not colon or not name.strip() or len(key.strip()) < 16:
                raise ValueError("each key is written name:key, and a key has at least 16 characters")
        return keys

    @property
    def way_to_run(self) -> Literal["local", "signed-in", "open"]:
        """Which of the three: as `access` says, else signed in where an identity provider is set."""
        return self.access or ("signed-in" if self.oidc_issuer else "local")

    def allowed_hosts(self) -> frozenset[str]:
        """The names the server answers to, in small letters, with that of the site."""
        names = {name.strip().lower() for name in self.hosts.split(",") if name.strip()}
        return frozenset(names | {urlsplit(self.site).hostname or ""} - {""})

    def roles_of_groups(self, groups: Iterable[str]) -> frozenset[Role]:
        """The roles that these groups of the identity provider give."""
        entries = filter(None, (part.strip() for part in self.oidc_groups.split(",")))
        given = [(group.strip(), role.strip()) for group, _, role in (entry.rpartition("=") for entry in entries)]
        held = set(groups)
        return frozenset(Role(role) for group, role in given if group in held)

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
