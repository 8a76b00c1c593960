"""The options that say at which hours a batch orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from producer.errors import OptionError
from schemas.hours import Hours
from schemas.zone import UTC_NAME

AT_ANY_TIME = "none"
HOURS = click.option(
    "--window",
    metavar="HH:MM-HH:MM",
    help="Order within these hours only, none for any; what is drawn by then is fetched at any time.",
)
TZ = click.option("--tz", metavar="ZONE", help="Their time zone, as Asia/Shanghai. [default: UTC]")


def hours_from(options: Mapping[str, Any]) -> Hours | None:
    """The hours that are said; None: at any time. Raises OptionError."""
    said = options.get("window")
    if said in (None, AT_ANY_TIME):
        return None
    try:
        return Hours.parse(said, options.get("tz") or UTC_NAME)
    except ValueError as error:
        raise OptionError(f"--window: {error}") from error
