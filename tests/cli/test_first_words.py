"""Help, version and the catalogue: what a newcomer types first."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from producer.cli import cli
from tests.cli.command import PROGRAM, TIMEOUT_S, CommandLine, python_path

ROOT = Path(__file__).parents[2]
CONTEXT = click.Context(cli)
COMMANDS = cli.list_commands(CONTEXT)
OWN_PROGRAMS = ("worker", "simulator", "flower")


def names(command: click.Command) -> list[str]:
    return [option for param in command.params for option in param.opts if option.startswith("--")]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in OWN_PROGRAMS])
def test_help_says_what_a_command_does_and_names_its_options(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"])

    assert shown.exit_code == 0
    assert shown.output.startswith("Usage:")
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    assert all(option in shown.output for option in names(command))
    if isinstance(command, click.Group):
        for part in command.commands:
            assert CliRunner().invoke(cli, [name, part, "--help"]).exit_code == 0


@pytest.mark.parametrize("name", OWN_PROGRAMS)
def test_help_of_the_long_running_programs_is_their_own(alone: CommandLine, name: str) -> None:
    shown = alone(name, "--help")

    assert shown.code == 0
    assert shown.out.startswith("Usage:")
    assert alone(name, "-h") == shown
    assert {"worker": "--concurrency", "simulator": "--generation-s", "flower": "browser"}[
        name
    ] in shown.out


def test_bare_help_lists_every_command(alone: CommandLine) -> None:
    shown = alone("--help")

    assert shown.code == 0
    assert all(f"  {name}" in shown.out for name in COMMANDS)
    assert "...\n" not in shown.out.partition("Order:")[2], "what a command is for is not cut"
    assert "imagemill run examples/catalog.csv --simulate" in shown.out


def test_version_is_the_package_s_own(alone: CommandLine) -> None:
    shown = alone("--version")

    assert (shown.code, shown.out) == (0, f"imagemill {metadata.version('imagemill')}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("run",),
        ("run", "a.csv", "--resume"),
        ("submit",),
        ("status", "--nonsense"),
        ("lanes", "set"),
        ("worker", "--nonsense"),
        ("worker", "--queues", "nonsense"),
        ("simulator", "--port", "many"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_usage_error(
    alone: CommandLine, arguments: tuple[str, ...]
) -> None:
    ran = alone(*arguments)

    assert ran.code == 2
    assert ran.out == ""
    assert "Usage:" in ran.err
    assert not (alone.folder / "out").exists()


def test_models_lists_every_model_with_price_and_rate(alone: CommandLine) -> None:
    shown = alone("models")
    documents = alone("models", "--json").documents

    assert shown.code == 0
    names = [document["name"] for document in documents]
    assert {"wanx-v1", "flux-schnell", "stable-diffusion-xl"} <= set(names)
    assert all(name in shown.out for name in names)
    assert "0.16 CNY" in shown.out
    assert "2/s" in shown.out


def test_a_model_s_fields_are_shown_with_what_they_allow() -> None:
    shown = CliRunner().invoke(cli, ["models", "wanx-v1"])
    document = json.loads(CliRunner().invoke(cli, ["models", "wanx-v1", "--json"]).output)

    assert shown.exit_code == 0
    for word in ("id", "prompt", "negative_prompt", "size", "1280*720", "style", "seed", "1 to 4"):
        assert word in shown.output
    assert document["name"] == "wanx-v1"
    assert document["price"] == "0.16"


def test_an_unknown_model_is_answered_with_the_nearest(alone: CommandLine) -> None:
    ran = alone("models", "wanx")

    assert ran.code == 2
    assert "did you mean wanx-v1?" in ran.err


def test_a_command_nearly_right_is_named(alone: CommandLine) -> None:
    shown = alone("validat")

    assert shown.code == 2
    assert "No such command 'validat'. Did you mean 'validate'?" in shown.err


def test_ctrl_c_before_all_is_read_is_said_in_a_word(tmp_path: Path) -> None:
    """A library that is interrupted stands for any moment in which one is being read."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, function = project["scripts"]["imagemill"].partition(":")

    ran = subprocess.run(
        [sys.executable, "-c", f"from {module} import {function} as program; program()"],
        env={"PYTHONPATH": python_path(tmp_path)},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"Interrupted.\n")


def test_a_terminal_that_knows_no_chinese_still_gets_the_rest(alone: CommandLine) -> None:
    ascii_only = alone.with_variables(PYTHONIOENCODING="ascii", PYTHONPATH=python_path())
    shown = ascii_only("models", "wanx-background-generation-v2")

    assert shown.code == 0
    assert "price: 0.08 CNY a picture" in shown.out


def test_a_command_that_has_no_stdout_works(alone: CommandLine) -> None:
    closed = 'exec "$0" "$@" >&-'
    ran = subprocess.run(
        ["/bin/sh", "-c", closed, PROGRAM, "models"],
        env=alone.environment,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
