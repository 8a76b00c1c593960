"""The imagemill.toml that `init` writes: every setting is in it, and each line can be taken as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from producer.settings_file import settings_file, toml_name, toml_text
from schemas.setting_keys import table_of
from schemas.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "imagemill.toml"
INSTEAD = "url_env"
"""Beside url it would be one address too many."""


def taken() -> str:
    """The file with the # taken away from every setting."""
    lines = [re.sub(r"^#(?=[a-z\[])", "", line) for line in settings_file().splitlines()]
    return "\n".join(line for line in lines if not line.startswith(INSTEAD))


def test_the_example_is_what_init_writes() -> None:
    """`imagemill init - > examples/imagemill.toml` brings it up to date."""
    assert EXAMPLE.read_text(encoding="utf-8") == settings_file()


def test_as_it_is_written_it_sets_nothing() -> None:
    assert tomllib.loads(settings_file()) == {}


def test_every_setting_can_be_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imagemill.toml").write_text(taken(), encoding="utf-8")
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(tmp_path / "imagemill.toml"))
    settings = load_settings()
    assert settings.spread == {"dashscope": ("default", "second")}
    assert settings.lanes["dashscope:wanx-v1"].window == 3
    assert settings.notify is not None


def test_every_setting_is_there_with_its_meaning() -> None:
    text = settings_file()
    lines = text.splitlines()
    for name, field in _fields(Settings):
        if str(field.validation_alias or "").isupper():
            assert str(field.validation_alias) in text
            continue
        if table_of(field.annotation) is None and not name.startswith(("spread", "models")):
            place = next(i for i, line in enumerate(lines) if line.startswith(f"#{name} = "))
            assert lines[place - 1].startswith("# "), f"{name} says nothing of itself"


def test_what_has_no_default_has_an_example() -> None:
    for name, field in _fields(Settings):
        nothing = field.get_default(call_default_factory=True) in (None, {}, (), [])
        plain = not str(field.validation_alias or "").isupper() and name != "notify"
        if nothing and plain:
            assert field.examples, name


def _fields(table: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    found = list(table.model_fields.items())
    for field in table.model_fields.values():
        inner = table_of(field.annotation)
        found += [] if inner is None else _fields(inner)
    return found


CHARACTERS = st.characters(exclude_categories=["Cs"])
KEYS = st.text(CHARACTERS, max_size=8)
TEXTS = st.text(CHARACTERS)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(KEYS, VALUES)
def test_names_and_values_are_read_back(key: str, value: object) -> None:
    assert tomllib.loads(f"{toml_name((key,))} = {toml_text(value)}") == {key: value}
