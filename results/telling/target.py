"""Whom to tell: what the settings or a batch say, with address and secret looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from results.words import Language
from schemas.batch import Batch
from schemas.notify import Notify
from schemas.settings import Settings

Variable = Callable[[str], str | None]
"""Reads an environment variable; see schemas.settings.variable."""


class NoTarget(Exception):
    """Address or secret are not there, or are none; the message shows neither."""


@dataclass(frozen=True)
class Target:
    """Somebody who can be told."""

    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    """None: nothing is signed."""
    format: str
    language: Language

    @property
    def host(self) -> str:
        """What may be shown of the address: the rest of it is often a secret."""
        return urlsplit(self.url).hostname or ""


def whom(batch: Batch, settings: Settings) -> Notify | None:
    """Whom to tell of a batch: its own batch file says it, else the settings do."""
    return batch.notify or settings.notify


def find_target(notify: Notify, variable: Variable) -> Target:
    """Address and secret, looked up. Raises NoTarget saying what is missing or wrong.

    A notice that was to be signed is never sent without: a receiver that checks would refuse it.
    """
    url = notify.url
    if url is None:
        name = notify.url_env or ""
        url = _value(name, variable)
        fault = notify.fault_of(url)
        if fault:
            raise NoTarget(f"the address in {name} {fault}")
    chinese = notify.format in ("dingtalk", "feishu")
    language = notify.language or ("zh" if chinese else "en")
    return Target(
        url=url,
        secret=None if notify.secret_env is None else _value(notify.secret_env, variable),
        format=notify.format,
        language=Language.CHINESE if language == "zh" else Language.ENGLISH,
    )


def _value(name: str, variable: Variable) -> str:
    try:
        found = variable(name)
    except (OSError, ValueError) as error:
        raise NoTarget(f"the file that {name}_FILE names cannot be read") from error
    if found is None:
        raise NoTarget(f"{name} is not set; whoever sends notices needs it (or {name}_FILE)")
    return found
