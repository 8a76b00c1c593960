"""Accounts: sets of provider credentials, and what the environment says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from schemas.lane import parse_rate
from schemas.money import Amount
from schemas.parameter import nearest
from schemas.provider import PROVIDERS
from schemas.utc_offset import parse_utc_offset

DEFAULT_ACCOUNT = "default"
SIMULATOR_ACCOUNT = "simulator"
"""Rehearsals have lanes of their own: a real worker never pays for them, nor they for real rows."""
SIMULATED_KEY = "sk-simulated"


class Section(BaseModel):
    """A table of imagemill.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(Section):
    """One set of provider credentials; quotas are counted per account."""

    provider: str = Field(
        default="dashscope", description="dashscope, qianfan, qianfan-v2, stability or openai"
    )
    api_key: SecretStr | None = Field(
        default=None, description="its key; at Baidu the access key (AK)", examples=["sk-..."]
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Baidu's secret key (SK)", examples=["..."]
    )
    auth: Literal["token", "signature"] | None = Field(
        default=None,
        description="what Baidu's AK and SK are for: an access token (the default), or signing",
        examples=["signature"],
    )
    workspace: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="DashScope's workspace, which keys of sub-accounts need",
        examples=["llm-1a2b3c"],
    )
    picture_hosts: tuple[str, ...] = Field(
        default=(),
        description="further endings of hosts its pictures may lie on",
        examples=[[".example.com"]],
    )
    base_url: str | None = Field(
        default=None,
        description="where it is ordered; the provider's own where nothing is said."
        " With provider openai also servers that speak its API, such as Ark or SiliconFlow",
        examples=["https://dashscope.aliyuncs.com/api/v1"],
    )
    query_rate: str = Field(default="20/s", description="task queries of the whole account")
    exclusive: bool = Field(default=False, description="nobody else orders through this account")
    settle_s: float = Field(
        default=30.0,
        gt=0,
        description="after a lost answer, when the provider's task list is believed to be complete",
    )
    daily_cap: str | None = Field(
        default=None, description="the most that is spent in a day", examples=["200CNY"]
    )
    utc_offset: str = Field(default="+00:00", description="where its days begin at midnight")

    @property
    def has_key(self) -> bool:
        """Whether there is a key to order with."""
        return self.api_key is not None and bool(self.api_key.get_secret_value())

    @property
    def needs_key(self) -> bool:
        """Whether orders need a key: a server in the next room may do without."""
        facts = PROVIDERS.get(self.provider)
        if facts is not None and not facts.key_variable:
            return False
        own_server = self.base_url not in (None, PROVIDERS["openai"].base_url)
        return not (self.provider == "openai" and own_server)

    @field_validator("provider")
    @classmethod
    def _is_a_provider(cls, name: str) -> str:
        if name not in PROVIDERS:
            known, hint = ", ".join(PROVIDERS), nearest(name, list(PROVIDERS))
            raise ValueError(f"provider {name!r} is unknown; known: {known}{hint}")
        return name

    @field_validator("query_rate")
    @classmethod
    def _is_a_rate(cls, text: str) -> str:
        parse_rate(text)
        return text

    @field_validator("daily_cap")
    @classmethod
    def _is_money(cls, text: str | None) -> str | None:
        if text is not None:
            Amount.parse(text)
        return text

    @field_validator("utc_offset")
    @classmethod
    def _is_an_offset(cls, text: str) -> str:
        parse_utc_offset(text)
        return text


def simulated_account(provider: str, origin: str) -> Account:
    """The account of rehearsals at a simulator's origin. Raises KeyError for no provider of ours."""
    return Account(
        provider=provider,
        api_key=SecretStr(SIMULATED_KEY),
        secret_key=SecretStr(SIMULATED_KEY),
        base_url=origin.rstrip("/") + PROVIDERS[provider].simulator_path,
    )


def check_accounts(accounts: Mapping[str, Account], spread: Mapping[str, Sequence[str]]) -> None:
    """Raises ValueError for accounts that do not go together, and for a spread over what is not there."""
    for name, account in accounts.items():
        # What counts as a stranger's order on an exclusive account must be one.
        for other, second in accounts.items():
            alike = account.api_key is not None and account.api_key == second.api_key
            if account.exclusive and alike and other != name:
                raise ValueError(
                    f"accounts.{name} is exclusive, but accounts.{other} has the same key"
                )
    for provider, names in spread.items():
        _check_spread(provider, names, accounts)


def _check_spread(provider: str, names: Sequence[str], accounts: Mapping[str, Account]) -> None:
    place = f"spread.{provider}"
    if provider not in PROVIDERS:
        hint = nearest(provider, list(PROVIDERS)) or f"; known: {', '.join(PROVIDERS)}"
        raise ValueError(f"{place}: there is no such provider{hint}")
    if len(set(names)) < max(len(names), 2):
        raise ValueError(f"{place}: name two accounts or more, each once")
    there = [name for name, account in accounts.items() if account.provider == provider]
    elsewhere = accounts.get(DEFAULT_ACCOUNT)
    if elsewhere is None or elsewhere.provider != provider:
        there.append(DEFAULT_ACCOUNT)  # whose key may lie in the environment alone
    for name in names:
        if name not in there:
            hint = nearest(name, there) or f"; there is {', '.join(sorted(there))}"
            raise ValueError(f"{place}: {name!r} is no account of {provider}{hint}")


class ProviderVariables(BaseSettings):
    """The providers' keys and hosts, under the names the vendors' own tools read."""

    dashscope_api_key: SecretStr | None = Field(default=None, validation_alias="DASHSCOPE_API_KEY")
    dashscope_http_base_url: str | None = Field(
        default=None, validation_alias="DASHSCOPE_HTTP_BASE_URL"
    )
    dashscope_workspace_id: str | None = Field(
        default=None,
        validation_alias="DASHSCOPE_WORKSPACE_ID",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,63})?$",
    )
    qianfan_ak: SecretStr | None = Field(default=None, validation_alias="QIANFAN_AK")
    qianfan_sk: SecretStr | None = Field(default=None, validation_alias="QIANFAN_SK")
    qianfan_access_key: SecretStr | None = Field(
        default=None, validation_alias="QIANFAN_ACCESS_KEY"
    )
    qianfan_secret_key: SecretStr | None = Field(
        default=None, validation_alias="QIANFAN_SECRET_KEY"
    )
    qianfan_api_key: SecretStr | None = Field(default=None, validation_alias="QIANFAN_API_KEY")
    qianfan_base_url: str | None = Field(default=None, validation_alias="QIANFAN_BASE_URL")
    stability_api_key: SecretStr | None = Field(default=None, validation_alias="STABILITY_API_KEY")
    stability_api_host: str | None = Field(default=None, validation_alias="STABILITY_API_HOST")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")

    def credentials_of(self, provider: str) -> dict[str, Any]:
        """What the environment says of a provider's credentials."""
        match provider:
            case "dashscope":
                return {
                    "api_key": self.dashscope_api_key,
                    "workspace": self.dashscope_workspace_id,
                }
            case "qianfan" if self.qianfan_ak is None and self.qianfan_access_key is not None:
                return {
                    "api_key": self.qianfan_access_key,
                    "secret_key": self.qianfan_secret_key,
                    "auth": "signature",
                }
            case "qianfan":
                return {"api_key": self.qianfan_ak, "secret_key": self.qianfan_sk}
            case "qianfan-v2":
                return {"api_key": self.qianfan_api_key}
            case "stability":
                return {"api_key": self.stability_api_key}
            case "openai":
                return {"api_key": self.openai_api_key}
            case _:
                return {}

    def host_of(self, provider: str) -> str | None:
        """What the environment says of a provider's host."""
        hosts = {
            "dashscope": self.dashscope_http_base_url,
            "qianfan": self.qianfan_base_url,
            "stability": self.stability_api_host,
            "openai": self.openai_base_url,
        }
        return hosts.get(provider)
