"""Every setting with its value, and who said it: a flag, the environment, imagemill.toml, or nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, Field, SecretStr

from schemas.contract import Contract
from schemas.parameter import nearest
from schemas.settings import Settings

Path = tuple[str, ...]
_PREFIX = "IMAGEMILL_"
_OWN = ("IMAGEMILL_CONFIG",)
"""Variables that are no settings: this one says where the settings are."""
_ADDRESSES = frozenset({("redis_url",), ("notify", "url")})
"""Secrets of which the host may be seen."""
MASK = "********"
_SECRETS = tuple(
    name
    for name, field in Settings.model_fields.items()
    if SecretStr in (field.annotation, *get_args(field.annotation))
)


class Origin(Contract):
    """One setting as it counts."""

    setting: str = Field(description="its name, as in imagemill.toml")
    value: Any = Field(
        default=None, description="masked where it is a secret; null: nothing is said"
    )
    origin: str = Field(description="the flag, the variable, the file's line, or default")


@dataclass(frozen=True)
class Sources:
    """Where settings may come from."""

    flags: Mapping[Path, str]
    """Setting -> the flag that was given for it."""
    environment: Mapping[str, str]
    """As it was before the settings were read."""
    file: str
    """Its name, for people."""
    lines: Mapping[Path, int]
    """The line on which each of its keys stands."""

    def origin(self, path: Path, *, secret: bool = False) -> str:
        """Who said the value of a setting; that of a secret may be in a file of its own."""
        if path in self.flags:
            return self.flags[path]
        file = self._file(path) if secret else None
        return file or self._variable(path) or self._line(path) or "default"

    def unknown_variables(self) -> list[str]:
        """What to say of each variable that looks like a setting and is none."""
        names = [name for field in Settings.model_fields for name in _variables(field)]
        known = {name.casefold() for name in (*names, *_OWN)}
        known |= {f"{name}_FILE".casefold() for field in _SECRETS for name in _variables(field)}
        return [
            f"{name} is no setting{nearest(name, names)}"
            for name in self.environment
            if name.startswith(_PREFIX) and name.split("__")[0].casefold() not in known
        ]

    def _file(self, path: Path) -> str | None:
        """The variable that names a secret's file, where none holds the secret itself."""
        said = {name.casefold(): name for name, text in self.environment.items() if text}
        for name in _variables(path[0]):
            variable = "__".join((name, *path[1:])).casefold()
            if variable in said:
                return None
            if f"{variable}_file" in said:
                return said[f"{variable}_file"]
        return None

    def _variable(self, path: Path) -> str | None:
        there = {name.casefold(): name for name in self.environment}
        for length in range(len(path), 0, -1):
            for name in _variables(path[0]):
                found = there.get("__".join((name, *path[1:length])).casefold())
                if found and _has(self.environment[found], path[length:]):
                    return found
        return None

    def _line(self, path: Path) -> str | None:
        """A list is one statement, and so is an inline table."""
        known = (path, *((name, *path[1:]) for name in _variables(path[0])))
        line = next((self.lines[name] for name in known if name in self.lines), None)
        return None if line is None else f"{self.file} line {line}"


def origins(settings: Settings, sources: Sources) -> Iterator[tuple[Path, Any, str]]:
    """Each setting's path, its value as it may be shown, and who said it."""
    for path, value in _leaves(settings):
        origin = sources.origin(path, secret=isinstance(value, SecretStr))
        yield path, shown(path, value), origin


def shown(path: Path, value: Any) -> Any:
    """A value as it may be shown: no secret, and nothing that an address keeps to itself."""
    secret = isinstance(value, SecretStr)
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if path in _ADDRESSES and text:
        return _host_only(text)
    if secret:
        return MASK if text else ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return [shown((), entry) for entry in value]
    if isinstance(value, str):
        return _without_password(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _leaves(table: BaseModel | Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    names: Sequence[str] = list(type(table).model_fields if isinstance(table, BaseModel) else table)
    for name in names:
        value = getattr(table, name) if isinstance(table, BaseModel) else table[name]
        if isinstance(value, BaseModel) or (isinstance(value, Mapping) and value):
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), None if isinstance(value, Mapping) else value


def _variables(field: str) -> tuple[str, ...]:
    """The variables that hold a setting, the first that is there."""
    own = f"{_PREFIX}{field.upper()}"
    match Settings.model_fields[field].validation_alias:
        case str(alias):
            return (alias, own)
        case AliasChoices(choices=choices):
            return (*(str(choice) for choice in choices), own)
        case _:
            return (own,)


def _has(text: str, path: Path) -> bool:
    """Whether a variable that holds a whole table, as JSON, says something of a key in it."""
    if not path:
        return True
    try:
        value = json.loads(text)
        for key in path:
            value = value[key]
    except (ValueError, KeyError, TypeError, IndexError):
        return False
    return True


def _host_only(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return MASK
    return f"{parts.scheme}://{host}/{MASK}" if parts.hostname else MASK


def _without_password(text: str) -> str:
    if "://" not in text or "@" not in text:
        return text
    scheme, rest = text.split("://", 1)
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return f"{scheme}://{MASK}@{host}{slash}{path}" if user and at else text
