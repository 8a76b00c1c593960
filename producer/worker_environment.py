"""What a worker of this machine must be told in its environment, since it would not find it there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, SecretStr

from schemas.settings import Settings, WrongSettings, load_settings

_PLACES = frozenset({"redis_url", "storage_url"})
"""These are said by who starts it: the server may be one of its own, the storage's path relative."""


def worker_environment(settings: Settings) -> dict[str, str]:
    """Variables for what a program said itself: what a process we start reads differently.

    Without it a key that stands in the program alone would let it order, and nobody draw.
    """
    try:
        there: Settings | None = load_settings()
    except WrongSettings:  # the program has put it right
        there = None
    return {
        _variable(name): _text(getattr(settings, name))
        for name in sorted(settings.model_fields_set - _PLACES)
        if there is None or getattr(settings, name) != getattr(there, name)
    }


def _variable(name: str) -> str:
    """The first of the variables that hold a setting, which wins over the others."""
    match Settings.model_fields[name].validation_alias:
        case str(alias):
            return alias
        case AliasChoices(choices=choices):
            return str(choices[0])
        case _:
            return f"IMAGEMILL_{name.upper()}"


def _text(value: Any) -> str:
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case BaseModel():
            return {name: _plain(getattr(value, name)) for name in value.model_fields_set}
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(each) for each in value]
        case _:
            return value
