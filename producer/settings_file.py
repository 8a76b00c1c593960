"""Writes an imagemill.toml with every setting there is, made of the settings' own descriptions."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from schemas.account import ProviderVariables
from schemas.setting_keys import table_of
from schemas.settings import Settings

_WIDTH = 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEAD = """\
Settings of one place of work. Read from the working directory, then from the user's config directory
(~/.config/imagemill/imagemill.toml); IMAGEMILL_CONFIG names another file. A flag beats the
environment, the environment beats this file: IMAGEMILL_STORAGE_URL, IMAGEMILL_WORKER__CONCURRENCY.
`imagemill config show` says what counts, and where it comes from.

Nothing is set here yet. Take the # away from a line to set it, and from its table's [name]."""


def settings_file() -> str:
    """All settings with their meanings, each commented out with its default, or with an example."""
    plain: list[tuple[str, FieldInfo]] = []
    tables: list[tuple[str, FieldInfo]] = []
    for name, field in Settings.model_fields.items():
        if name not in _ENVIRONMENTS:
            (tables if _is_table(field) else plain).append((name, field))
    parts = [_comment(_HEAD), *(_setting(name, field) for name, field in plain), _variables()]
    parts += [_table(name, field) for name, field in tables]
    return "\n\n".join(parts) + "\n"


def toml_name(path: tuple[str, ...]) -> str:
    """A path of keys as TOML writes it."""
    return ".".join(key if _BARE.fullmatch(key) else _quoted(key) for key in path)


def toml_text(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        pairs = (f"{toml_name((str(key),))} = {toml_text(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_text, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and not isinstance(value, Enum):
        return str(value)
    return _quoted(str(value.value if isinstance(value, Enum) else value))


_ENVIRONMENTS = {
    name: str(field.validation_alias)
    for name, field in Settings.model_fields.items()
    if name in ProviderVariables.model_fields or isinstance(field.validation_alias, str)
}
"""Settings that other vendors' tools read too, by the variables that hold them."""


def _quoted(text: str) -> str:
    """As JSON, but for the one control character that only TOML forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _variables() -> str:
    secrets = [_ENVIRONMENTS[name] for name in _ENVIRONMENTS if _is_secret(name)]
    others = [_ENVIRONMENTS[name] for name in _ENVIRONMENTS if not _is_secret(name)]
    return _comment(
        f"Keys of the account `default` and of the bucket are best kept in the environment:"
        f" {', '.join(secrets)}; or in files that these names with _FILE name."
        f" Beside them: {', '.join(others)}."
    )


def _table(name: str, field: FieldInfo) -> str:
    example = field.examples[0] if field.examples else None
    table = table_of(field.annotation)
    if isinstance(example, Mapping):
        return f"{_comment(_said(field))}\n{_example_tables(name, example)}"
    path = (name,) if example is None else (name, str(example))
    head = _said(field) or (str(table.__doc__).split("]: ")[-1] if table else "")
    settings = [] if table is None else [_setting(*item) for item in table.model_fields.items()]
    return "\n".join([_comment(head), f"#[{toml_name(path)}]", *settings])


def _example_tables(name: str, example: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in example.items() if not isinstance(value, Mapping)}
    lines = [f"#[{name}]", *_pairs(plain)] if plain else []
    for key, value in example.items():
        if isinstance(value, Mapping):
            lines += [f"#[{toml_name((name, key))}]", *_pairs(value)]
    return "\n".join(lines)


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"#{toml_name((key,))} = {toml_text(value)}" for key, value in values.items())


def _setting(name: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    nothing = default in (None, (), [], "")
    value = field.examples[0] if nothing and field.examples else default
    return f"{_comment(_said(field))}\n#{name} = {toml_text('' if value is None else value)}"


def _said(field: FieldInfo) -> str:
    return field.description or ""


def _comment(text: str) -> str:
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        words = " ".join(paragraph.split())
        lines += ["", *textwrap.wrap(words, _WIDTH - 2, break_on_hyphens=False)]
    return "\n".join(f"# {line}".rstrip() for line in lines[1:])


def _is_table(field: FieldInfo) -> bool:
    return table_of(field.annotation) is not None or get_origin(field.annotation) is dict


def _is_secret(name: str) -> bool:
    annotation = Settings.model_fields[name].annotation
    return annotation is SecretStr or SecretStr in get_args(annotation)
