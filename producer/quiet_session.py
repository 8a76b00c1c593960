"""A session that writes nowhere: what a command would say is kept for the program that asked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from producer.session import Session, SettingsError
from producer.table import WIDE
from schemas.clock import SystemClock
from schemas.settings import Settings, WrongSettings, load_settings


def quiet_session(settings: Settings | Mapping[str, Any] | None) -> tuple[Session, io.StringIO]:
    """A session, and where its sentences go.

    What the mapping says counts before environment and imagemill.toml. Raises SettingsError.
    """
    said = io.StringIO()
    console = Console(file=said, width=WIDE, force_terminal=False)
    found = settings if isinstance(settings, Settings) else _loaded(settings or {})
    return Session(found, SystemClock(), console, as_json=False, quiet=False), said


def _loaded(said: Mapping[str, Any]) -> Settings:
    try:
        return load_settings(**said)
    except WrongSettings as error:
        raise SettingsError(str(error)) from error
