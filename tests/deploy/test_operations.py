"""docs/operations.md: what it tells a person to type and to set is there.

Blocks of commands are looked at in tests/docs/test_documents.py, with those of all pages.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from schemas.flower_section import FlowerSection
from tests.deploy.processes import DEPLOY, procfile
from tests.docs.written_command import unknown_words

PAGE = (DEPLOY.parent / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
TYPED = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
COMMANDS = sorted(set(re.findall(r"`(imagemill [a-z][^`]*)`", PAGE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one(command: str) -> None:
    assert unknown_words(command) == set()


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 12
    assert {f"imagemill {words[1]}" for words in procfile().values()} <= set(COMMANDS)


def test_files_that_are_copied_started_or_applied_are_there() -> None:
    named = {
        name
        for line in TYPED
        for name in re.findall(
            r"\S+\.(?:sh|service|example)(?![.\w])|deploy/[\w/]+(?:\.\w+)?", line
        )
        if name != "deploy/kubernetes/mine"  # whoever reads it makes this one
    }
    assert len(named) >= 5
    for name in named:
        path = name.removeprefix("./").removeprefix("deploy/")
        assert (DEPLOY / path).exists(), name


def test_its_settings_are_settings() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    section = FlowerSection.model_validate(tomllib.loads(block)["flower"])
    assert section.read_only
