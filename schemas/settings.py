"""Settings: flag > environment > imagemill.toml > defaults. The one place that reads them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from schemas.account import (
    DEFAULT_ACCOUNT,
    SIMULATOR_ACCOUNT,
    Account,
    check_accounts,
    simulated_account,
)
from schemas.asking import AskSection
from schemas.c2pa_section import C2paSection
from schemas.catalogue import Catalogue, catalogue
from schemas.finishing_sections import GateSection, ResultsSection
from schemas.flower_section import FlowerSection
from schemas.lane import Lane, LaneLimits, parse_rate
from schemas.manifest_place import ManifestSection
from schemas.mill_places import MillPlaces
from schemas.mill_sections import LaneSection, WorkerSection
from schemas.model import Model
from schemas.notify import Notify
from schemas.provider import PROVIDERS
from schemas.setting_keys import wrong_key
from schemas.telemetry import MetricsSection, TracesSection
from schemas.toml_lines import lines_of

CONFIG_NAME = "imagemill.toml"
_ACCOUNTS = "IMAGEMILL_ACCOUNTS__"
_ACCOUNT_SECRET = re.compile(rf"{_ACCOUNTS}.+__(API|SECRET)_KEY_FILE", re.IGNORECASE)


class Settings(MillPlaces):
    """Everything that can be set, frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="IMAGEMILL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
    )

    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    accounts: dict[str, Account] = Field(
        default_factory=dict,
        description="sets of credentials; quotas are counted per account. The account `default` may"
        " have its key in the environment instead",
        examples=["second"],
    )
    spread: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="by provider: accounts that share the rows which name none, in proportion to"
        " their limits, and take over from one that fails",
        examples=[{"dashscope": ["default", "second"]}],
    )
    lanes: dict[str, LaneSection] = Field(
        default_factory=dict,
        description="what the catalogue says of a lane, overridden for a model, or for one account"
        " of it: dashscope:wanx-v1@second",
        examples=["dashscope:wanx-v1"],
    )
    models: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="models of your own, ordered like another, and changes to known ones",
        examples=[{"openai:my-model": {"like": "dall-e-3", "price": "0.10"}}],
    )
    worker: WorkerSection = Field(default_factory=WorkerSection)
    ask: AskSection = Field(default_factory=AskSection)
    results: ResultsSection = Field(default_factory=ResultsSection)
    gate: GateSection = Field(default_factory=GateSection)
    c2pa: C2paSection = Field(default_factory=C2paSection)
    flower: FlowerSection = Field(default_factory=FlowerSection)
    flower_password: SecretStr | None = Field(
        default=None,
        description="without it `imagemill flower` does not start",
        examples=["..."],
    )
    notify: Notify | None = Field(
        default=None, description="whom workers tell of batches that name nobody"
    )
    metrics: MetricsSection = Field(default_factory=MetricsSection)
    traces: TracesSection = Field(default_factory=TracesSection)
    manifests: ManifestSection = Field(default_factory=ManifestSection)

    @model_validator(mode="after")
    def _lanes_are_well_formed(self) -> Settings:
        for name in self.lanes:
            Lane.parse(name if "@" in name else f"{name}@default")
        check_accounts(self.accounts, self.spread)
        if self.models:  # most commands need no catalogue, and reading it takes them a while
            self.known_models()
        return self

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
        toml = InitSettingsSource(settings_cls, tomllib.loads(config_text()))
        return init_settings, env_settings, toml

    def account(self, name: str, provider: str) -> Account:
        """A provider's account of that name; `default` may live in the environment alone.

        Raises KeyError where there is none, or where it is another provider's.
        """
        account = self.accounts.get(name)
        if account is not None and account.provider != provider:
            account = None if name == DEFAULT_ACCOUNT else account
        if account is None and name == SIMULATOR_ACCOUNT and self.simulator_url is not None:
            return simulated_account(provider, self.simulator_url)
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

    def accounts_beside(self, lane: Lane) -> tuple[str, ...]:
        """The other accounts that share rows with a lane's; none where its account shares none."""
        group = self.spread.get(lane.provider, ())
        beside = tuple(name for name in group if name != lane.account)
        return beside if lane.account in group else ()

    def known_models(self) -> Catalogue:
        """The catalogue, with the models of the user's own."""
        return catalogue().extended(self.models)

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
            raise ValueError(f"IMAGEMILL_CONFIG names {named}, which is no file")
        return Path(named)
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for candidate in (Path(CONFIG_NAME), user / "imagemill" / CONFIG_NAME):
        if candidate.is_file():
            return candidate
    return None


def config_text() -> str:
    """What stands in the imagemill.toml that counts; nothing where there is none.

    Raises OSError, ValueError.
    """
    path = config_file()
    data = b"" if path is None else path.read_bytes()
    try:
        # Some editors put a byte order mark at the start, which TOML does not know.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path} is not UTF-8: line {line}; save it as UTF-8") from error


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
            if name.startswith(_ACCOUNTS):
                os.environ.pop(f"{name}_FILE", None)  # it would be taken for a setting
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        entries = error.errors(include_url=False, include_input=False)
        file, lines = str(config_file() or CONFIG_NAME), lines_of(config_text())
        wrong = "; ".join(_wrong(entry, file, lines) for entry in entries)
        raise WrongSettings(f"Settings are wrong: {wrong}") from error
    except (OSError, ValueError) as error:
        place = f" ({config_file()})" if isinstance(error, tomllib.TOMLDecodeError) else ""
        reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        raise WrongSettings(f"The settings cannot be read{place}: {reason}.") from error


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
    own = [name.removesuffix("_FILE") for name in os.environ if _ACCOUNT_SECRET.fullmatch(name)]
    return own + [
        str(field.validation_alias or f"IMAGEMILL_{name.upper()}")
        for name, field in Settings.model_fields.items()
        if field.annotation == SecretStr | None
    ]


def _wrong(entry: ErrorDetails, file: str, lines: Mapping[tuple[str, ...], int]) -> str:
    path = tuple(str(part) for part in entry["loc"])
    place, variable = ".".join(path) or CONFIG_NAME, f"IMAGEMILL_{'__'.join(path)}".casefold()
    said = next((name for name in os.environ if name.casefold() == variable), None)
    if said is not None:
        place += f" ({said})"
    elif path in lines:
        place += f" ({file} line {lines[path]})"
    if entry["type"] == "extra_forbidden":
        return f"{place}: {wrong_key(Settings, path)}"
    return f"{place}: {entry['msg'].removeprefix('Value error, ')}"


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment for a process we start, with changes."""
    return {**os.environ, **changes}
