"""What README and docs say is held to what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click import Context

from producer.cli import cli
from producer.exit_codes import ExitCode
from schemas.settings import Settings, load_settings
from tests.docs.written_command import unknown_words

ROOT = Path(__file__).parents[2]
CONTEXT = Context(cli)
COMMANDS = {name: cli.get_command(CONTEXT, name) or cli for name in cli.list_commands(CONTEXT)}
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")

_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in _FENCE.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                command = line.split("#")[0].strip()
                if command.startswith("imagemill "):
                    found.append((page.relative_to(ROOT).as_posix(), command))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        target
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize(("page", "command"), _commands())
def test_every_command_of_a_page_is_one(page: str, command: str) -> None:
    assert unknown_words(command) == set(), page


def test_the_readme_knows_every_command() -> None:
    assert [name for name in COMMANDS if name not in README] == []


def test_every_command_and_option_says_what_it_is_for() -> None:
    mute = [
        f"{name} {parameter.opts[0]}"
        for name, command in COMMANDS.items()
        for parameter in command.params
        if parameter.param_type_name == "option" and not getattr(parameter, "help", None)
    ]
    assert mute == []
    assert [name for name, command in COMMANDS.items() if not command.help] == []


def test_the_readme_lists_every_exit_code() -> None:
    paragraph = README[README.index("Exit codes:") :].split("\n\n")[0]
    listed = {int(code) for code in re.findall(r"(?:^|[·\s])(\d{1,3}) [a-zR]", paragraph)}
    assert listed >= {int(code) for code in ExitCode}


def test_the_example_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(ROOT / "examples" / "imagemill.toml"))
    settings = load_settings()
    assert settings.worker == Settings().worker


SETTINGS = [
    (page.name, block)
    for page in PAGES
    for block in re.findall(
        r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    if not block.startswith(("# batch.toml", "# packs.toml"))  # which test_templates_page.py reads
]


@pytest.mark.parametrize(("page", "block"), SETTINGS, ids=lambda value: value[:20])
def test_every_block_of_settings_is_settings(
    page: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imagemill.toml").write_text(block, encoding="utf-8")
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(tmp_path / "imagemill.toml"))
    settings = load_settings()
    assert tomllib.loads(block).keys() <= settings.model_fields_set, page


def test_the_readmes_first_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"make {target}" in README
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog or f"## [{version}]" in changelog


def test_every_dependency_says_why() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [") + 1
    mute = [line for line in lines[start : lines.index("]", start)] if "#" not in line]
    assert mute == []
