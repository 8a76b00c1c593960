"""The line of each key of a TOML file, whatever form its statement has."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.toml_lines import lines_of

TEXT = """\
# [a] = nothing
storage_url = "x"   # [worker]
[worker]
concurrency = 3

renditions = [
  "a",
  # [b]
  "c",
]
text = '''
[not.a.table]
x = 1
'''
[lanes."dashscope:wanx-v1@b"]
limits = { rate = "2/s" }
a.b = 1
[[many]]
x = 1
"""


def test_every_key_has_the_line_its_statement_begins_on() -> None:
    lane = ("lanes", "dashscope:wanx-v1@b")
    assert lines_of(TEXT) == {
        ("storage_url",): 2, ("worker",): 3, ("worker", "concurrency"): 4,
        ("worker", "renditions"): 6, ("worker", "text"): 11, ("lanes",): 15, lane: 15,
        (*lane, "limits"): 16, (*lane, "limits", "rate"): 16, (*lane, "a"): 17,
        (*lane, "a", "b"): 17, ("many",): 18, ("many", "x"): 19,
    }  # fmt: skip


def test_only_ends_of_lines_end_a_line() -> None:
    """Other programs' paragraph separators are letters of a text."""
    assert lines_of('a = "\u2028"\r\nb = 1\r\n') == {("a",): 1, ("b",): 2}


@pytest.mark.parametrize("text", ["", "# nothing\n", "a = [\n", "[a\nb = 1\n"])
def test_what_says_nothing_or_is_no_toml_has_no_lines(text: str) -> None:
    assert lines_of(text) == {}


KEYS = st.sampled_from(["a", "b-1", '"c d"', '"e.f"', "g"])
VALUES = st.sampled_from(["1", '"#[x]"', "[1,\n2]", "{ x = 1 }", "true", '"""\n[y]\n"""'])
TABLES = st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES), max_size=4)


@given(TABLES)
def test_what_the_parser_finds_has_a_line_and_nothing_else_has(
    tables: dict[str, dict[str, str]],
) -> None:
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in tables.items()
    )
    assert set(lines_of(text)) == _paths(tomllib.loads(text))


def _paths(values: dict[str, Any]) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for key, value in values.items():
        inner = _paths(value) if isinstance(value, dict) else set()
        found |= {(key,), *((key, *path) for path in inner)}
    return found
