"""Settings: flag > environment > imagemill.toml > defaults. The one place that reads them."""

from __future__ import annotations

import errno
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.account import (
    DEFAULT_ACCOUNT,
    SIMULATED_KEY,
    SIMULATOR_ACCOUNT,
    Account,
    ProviderVariables,
    Section,
)
from schemas.asking import AskSection
from schemas.c2pa_section import C2paSection
from schemas.catalogue import Catalogue, catalogue
from schemas.finishing_sections import GateSection, ResultsSection
from schemas.lane import Lane, LaneLimits, parse_rate
from schemas.model import Model
from schemas.notify import Notify
from schemas.provider import PROVIDERS

CONFIG_NAME = "imagemill.toml"


class LaneSection(Section):
    """What imagemill.toml says of a lane; what it leaves out comes from the catalogue."""

    rate: str | None = Field(default=None, description="e.g. 2/s or 2/min")
    burst: int | None = Field(default=None, ge=1)
    window: int | None = Field(default=None, ge=1)
    on_uncertain: str | None = Field(default=None, pattern="^(hold|resubmit)$")


class WorkerSection(Section):
    """How a worker process works."""

    concurrency: int = Field(default=32, ge=1, le=512, description="threads")
    lease_s: float = Field(default=25.0, gt=0, description="a killed worker's jobs move after this")
    thumbnails: bool = Field(default=True, description="make the contact sheet's small pictures")


class Settings(ProviderVariables):
    """Everything that can be set, frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="IMAGEMILL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
    )

    redis_url: SecretStr | None = Field(
        default=None,
        description="redis:// or rediss://; none: an embedded server beside the storage",
    )
    storage_url: str = Field(
        default="./out", description="a directory, file:// or s3://bucket/prefix"
    )
    shared_storage: bool = Field(
        default=False, description="the directory is the same on every machine"
    )
    s3_endpoint_url: str | None = None
    s3_region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("IMAGEMILL_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    )
    aws_access_key_id: SecretStr | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret_access_key: SecretStr | None = Field(
        default=None, validation_alias="AWS_SECRET_ACCESS_KEY"
    )
    aws_session_token: SecretStr | None = Field(default=None, validation_alias="AWS_SESSION_TOKEN")
    simulator_url: str | None = Field(
        default=None, description="where rehearsals are ordered: the simulator's origin"
    )
    log_level: str = "INFO"
    accounts: dict[str, Account] = Field(default_factory=dict)
    lanes: dict[str, LaneSection] = Field(default_factory=dict)
    models: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="models of your own, and changes to known ones"
    )
    worker: WorkerSection = Field(default_factory=WorkerSection)
    ask: AskSection = Field(default_factory=AskSection)
    results: ResultsSection = Field(default_factory=ResultsSection)
    gate: GateSection = Field(default_factory=GateSection)
    c2pa: C2paSection = Field(default_factory=C2paSection)
    notify: Notify | None = Field(
        default=None, description="whom workers tell of batches that name nobody"
    )

    @model_validator(mode="after")
    def _lanes_are_well_formed(self) -> Settings:
        for name, section in self.lanes.items():
            Lane.parse(name if "@" in name else f"{name}@default")
            if section.rate is not None:
                parse_rate(section.rate)
        for account in self.accounts.values():
            parse_rate(account.query_rate)
            if account.provider not in PROVIDERS:
                known = ", ".join(PROVIDERS)
                raise ValueError(f"provider {account.provider!r} is unknown; known: {known}")
        if self.models:  # most commands need no catalogue, and reading it takes them a while
            self.known_models()
        self._exclusive_accounts_are_alone()
        return self

    def _exclusive_accounts_are_alone(self) -> None:
        """What counts as a stranger's order on an exclusive account must be one."""
        for name, account in self.accounts.items():
            for other, second in self.accounts.items():
                alike = account.api_key is not None and account.api_key == second.api_key
                if account.exclusive and alike and other != name:
                    raise ValueError(
                        f"accounts.{name} is exclusive, but accounts.{other} has the same key"
                    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings fixes the signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, then the environment, then imagemill.toml."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, toml

    def account(self, name: str, provider: str) -> Account:
        """A provider's account of that name; `default` may live in the environment alone.

        Raises KeyError where there is none, or where it is another provider's.
        """
        account = self.accounts.get(name)
        if account is not None and account.provider != provider:
            account = None if name == DEFAULT_ACCOUNT else account
        if account is None and name == SIMULATOR_ACCOUNT and self.simulator_url is not None:
            return self._simulated(provider)
        if account is None and name != DEFAULT_ACCOUNT:
            raise KeyError(name)
        account = account or Account(provider=provider)
        if account.provider != provider or provider not in PROVIDERS:
            raise KeyError(name)
        said = self.credentials_of(provider) if name == DEFAULT_ACCOUNT else {}
        found = {
            field: value for field, value in said.items() if getattr(account, field, None) is None
        }
        if account.base_url is None:
            found["base_url"] = self.host_of(provider) or PROVIDERS[provider].base_url
        return account.model_copy(update=found)

    def known_accounts(self) -> set[tuple[str, str]]:
        """Every (provider, account) something is said of; DashScope's own among them."""
        found = {(account.provider, name) for name, account in self.accounts.items()}
        for provider in PROVIDERS:
            if self.credentials_of(provider).get("api_key") is not None:
                found.add((provider, DEFAULT_ACCOUNT))
        return found | {("dashscope", DEFAULT_ACCOUNT)}

    def known_models(self) -> Catalogue:
        """The catalogue, with the models of the user's own."""
        return catalogue().extended(self.models)

    def _simulated(self, provider: str) -> Account:
        if provider not in PROVIDERS:
            raise KeyError(provider)
        origin = (self.simulator_url or "").rstrip("/")
        return Account(
            provider=provider,
            api_key=SecretStr(SIMULATED_KEY),
            secret_key=SecretStr(SIMULATED_KEY),
            base_url=origin + PROVIDERS[provider].simulator_path,
        )

    def on_uncertain(self, lane: Lane) -> str:
        """What becomes of an order that may have been paid for: `hold` or `resubmit`."""
        found = "hold"
        for name in (f"{lane.provider}:{lane.model}", str(lane)):
            section = self.lanes.get(name)
            if section is not None and section.on_uncertain is not None:
                found = section.on_uncertain
        return found

    def limits(self, lane: Lane, model: Model) -> LaneLimits:
        """A lane's limits: the catalogue's, overridden for the model, then for the lane."""
        found = model.limits.model_dump()
        for name in (f"{lane.provider}:{lane.model}", str(lane)):
            section = self.lanes.get(name)
            if section is None:
                continue
            found |= section.model_dump(include={"burst", "window"}, exclude_none=True)
            if section.rate is not None:
                found["rate_per_s"] = parse_rate(section.rate)
        return LaneLimits(**found)


def config_file() -> Path | None:
    """The imagemill.toml that counts: named, in the working directory, or the user's own."""
    named = os.environ.get("IMAGEMILL_CONFIG")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(errno.ENOENT, "IMAGEMILL_CONFIG names no file", named)
        return Path(named)
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for candidate in (Path(CONFIG_NAME), user / "imagemill" / CONFIG_NAME):
        if candidate.is_file():
            return candidate
    return None


class WrongSettings(ValueError):
    """A setting is wrong; the message names it, says why, and shows no value: it may be a secret."""


def load_settings(**flags: Any) -> Settings:
    """Read settings once per process; flags that are None say nothing.

    Raises WrongSettings.
    """
    try:
        for name in _secret_variables():
            path = os.environ.get(f"{name}_FILE")
            if path and not os.environ.get(name):
                os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        entries = error.errors(include_url=False, include_input=False)
        raise WrongSettings(f"Settings are wrong: {'; '.join(map(_wrong, entries))}.") from error
    except (OSError, ValueError) as error:
        place = f" ({config_file()})" if isinstance(error, tomllib.TOMLDecodeError) else ""
        raise WrongSettings(f"The settings cannot be read{place}: {error}.") from error


def variable(name: str) -> str | None:
    """What an environment variable holds that a setting names, or the file that NAME_FILE names.

    None where there is neither. Raises OSError, ValueError for a file that cannot be read.
    """
    path = os.environ.get(f"{name}_FILE")
    if path and not os.environ.get(name):
        return Path(path).read_text(encoding="utf-8").strip() or None
    return os.environ.get(name) or None


def _secret_variables() -> list[str]:
    """Environment variables that hold a secret, each of which may be given as a file too."""
    return [
        str(field.validation_alias or f"IMAGEMILL_{name.upper()}")
        for name, field in Settings.model_fields.items()
        if field.annotation == SecretStr | None
    ]


def _wrong(entry: ErrorDetails) -> str:
    place = ".".join(str(part) for part in entry["loc"]) or CONFIG_NAME
    if entry["type"] == "extra_forbidden":
        return f"{place}: there is no such setting"
    return f"{place}: {entry['msg'].removeprefix('Value error, ')}"


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment for a process we start, with changes."""
    return {**os.environ, **changes}
