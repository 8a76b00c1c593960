"""What a program says of an order: a batch file's keys, as arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from pydantic import ValidationError

from producer.batch_file import (
    is_batch_file,
    keys_at,
    manifest_of,
    options_of,
    read_batch_file,
)
from producer.commands.reading import usual_options
from producer.toml_file import wrong
from schemas.batch_file import BatchFile

_HERE = Path("submit()")
"""What messages name instead of a file; paths begin at the working directory."""


class OrderWords(TypedDict, total=False):
    """The keys of a batch file, but its manifest; docs/templates.md says what each means."""

    account: str
    allow_unknown_model: bool
    batch: str
    budget: str | Sequence[str]
    encoding: str
    format: Literal["csv", "jsonl", "xlsx"]
    fresh: bool
    gate: Literal["off", "mark", "reroll"]
    label: Literal["all", "iptc", "tc260", "none"]
    like: str
    map: Mapping[str, str]
    matrix: Mapping[str, Any]
    matrix_limit: int
    model: str
    naming: Mapping[str, str]
    notify: Mapping[str, Any]
    price: str
    priority: Literal["low", "normal", "high"]
    renditions: Sequence[str]
    rerolls: int
    revision: int
    set: Mapping[str, Any]
    sheet: str | int
    skip_invalid: bool
    style_pack: str
    style_packs: Mapping[str, Any]
    style_packs_file: str
    template: Mapping[str, str]
    tz: str
    window: str


def said_by_program(manifest: str, words: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The manifest, and an order's options by their names among a command's parameters.

    A batch file's words count where the program says nothing. Raises ManifestError.
    """
    options = usual_options()
    if is_batch_file(manifest):
        path = Path(manifest)
        file = read_batch_file(path)
        manifest = manifest_of(file, path)
        options |= options_of(file, path)
    try:
        order = BatchFile.model_validate({**words, "manifest": manifest})
    except ValidationError as error:
        raise wrong(_HERE.name, error, keys_at) from error
    return manifest, options | options_of(order, _HERE)
