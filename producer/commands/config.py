"""`config`: what the settings are, and where each comes from."""

from __future__ import annotations

from typing import Any

import click

from producer.session import Session, open_session, session_options
from producer.settings_file import toml_name, toml_text
from producer.table import print_table
from schemas.origins import Origin, Sources, origins
from schemas.settings import child_environment, config_file, config_text
from schemas.toml_lines import lines_of


@click.group()
def config() -> None:
    """The settings: flags, environment, imagemill.toml."""


@config.command()
@session_options
@click.option("--set-only", is_flag=True, help="Leave out what nobody said.")
def show(*, set_only: bool, **options: Any) -> None:
    """Print every setting with its value and who said it. Secrets are masked."""
    environment = child_environment()  # first: reading the settings fills in secrets' files
    session = open_session(**options)
    flags: dict[tuple[str, ...], str] = {
        name: flag
        for name, flag, said in (
            (("storage_url",), "--out", options["out"]),
            (("redis_url",), "--redis-url", options["redis_url"]),
        )
        if said is not None
    }
    path = config_file()
    sources = Sources(flags, environment, str(path or ""), lines_of(config_text()))
    found = [
        Origin(setting=toml_name(path), value=value, origin=origin)
        for path, value, origin in origins(session.settings, sources)
        if not (set_only and origin == "default")
    ]
    _print(found, session)
    for said in sources.unknown_variables():
        session.complain(said if said.endswith("?") else f"{said}.")
    session.say(
        f"Read from {path}." if path else "There is no imagemill.toml; `imagemill init` writes one."
    )


def _print(found: list[Origin], session: Session) -> None:
    if session.as_json:
        for entry in found:
            session.data(entry)
        return
    rows = [
        (entry.setting, "" if entry.value is None else toml_text(entry.value), entry.origin)
        for entry in found
    ]
    print_table(("setting", "value", "from"), rows)
