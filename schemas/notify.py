"""Whom a batch tells of itself, and of what."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from schemas.contract import Contract

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class Event(StrEnum):
    """What may be told of a batch."""

    FINISHED = "finished"
    """Its last row has ended."""
    FIRST_FAILURE = "first_failure"
    """A row has failed, the first of the batch."""
    BUDGET = "budget"
    """The next order does not fit into its budget."""
    STOPPED = "stopped"
    """A lane with rows of it takes no more orders until a person puts something right."""


class Occasion(NamedTuple):
    """An event of one batch that is told once: its second round's end is another than its first's."""

    event: Event
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.event}:{self.detail}" if self.detail else str(self.event)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an occasion as the ledger keeps it."""
        event, _, detail = text.partition(":")
        return cls(Event(event), detail)


class Notify(Contract):
    """A webhook. Its address may be a secret of its own: then an environment variable holds it."""

    url: str | None = Field(
        default=None,
        description="where to post; https://, or this machine",
        examples=["https://hooks.example.com/mill"],
    )
    url_env: str | None = Field(
        default=None,
        pattern=_VARIABLE,
        description="instead: the environment variable that holds the address",
        examples=["HOOK_URL"],
    )
    format: Literal["json", "dingtalk", "feishu", "slack"] = Field(
        default="json", description="the form of what is posted"
    )
    language: Literal["en", "zh"] | None = Field(
        default=None,
        description="of the chats' words; zh for dingtalk and feishu, else en",
        examples=["en"],
    )
    secret_env: str | None = Field(
        default=None,
        pattern=_VARIABLE,
        description="the environment variable that holds the secret it is signed with",
        examples=["HOOK_SECRET"],
    )
    allow_http: bool = Field(
        default=False, description="post unencrypted, to machines in a network of your own"
    )
    events: list[Event] = Field(
        default_factory=lambda: list(Event),
        description="of what to tell; all where nothing is said",
    )

    @model_validator(mode="after")
    def _has_one_address(self) -> Notify:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs url, or url_env instead")
        return self

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not _host_of(url):
            raise ValueError("must be an address, https://host/path")
        return url

    @model_validator(mode="after")
    def _is_encrypted(self) -> Notify:
        wrong = None if self.url is None else self.fault_of(self.url)
        if wrong:
            raise ValueError(f"url {wrong}")
        return self

    def fault_of(self, url: str) -> str | None:
        """What is wrong with an address to post to, without the address; None: nothing is."""
        host = _host_of(url)
        if not host:
            return "must be an address, https://host/path"
        if urlsplit(url).scheme == "http" and not (self.allow_http or _is_this_machine(host)):
            return "must begin with https://; allow_http = true where your own network will do"
        return None


def _host_of(url: str) -> str:
    """The host of an address that can be posted to; empty where it is none."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
        if parts.scheme in ("http", "https") and port_is_one and url.isprintable():
            return parts.hostname or ""
    except ValueError:
        pass
    return ""


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
