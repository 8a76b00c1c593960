"""Help, version and the catalogue: what a newcomer types first."""

from __future__ import annotations

import json
from importlib import metadata

import click
import pytest
from click.testing import CliRunner

from producer.cli import cli
from tests.cli.command import CommandLine

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
    assert {"worker": "--concurrency", "simulator": "--generation-s", "flower": "browser"}[
        name
    ] in shown.out


def test_bare_help_lists_every_command(alone: CommandLine) -> None:
    shown = alone("--help")

    assert shown.code == 0
    assert all(f"  {name}" in shown.out for name in COMMANDS)
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
