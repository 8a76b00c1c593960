"""What a command was told: its options, and a batch file's where MANIFEST is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from producer.batch_file import is_batch_file, manifest_of, options_of, read_batch_file
from producer.errors import ManifestError
from schemas.manifest_place import is_remote


def told(manifest: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The manifest and the options. Raises ManifestError for a batch file that is wrong."""
    if not is_batch_file(manifest):
        return manifest, dict(options)
    if is_remote(manifest):
        raise ManifestError(
            "a batch file is read here, with the files it names; copy it here. Its manifest may lie"
            " behind https:// or in s3://"
        )
    path = Path(manifest)
    file = read_batch_file(path)
    return manifest_of(file, path), merged(options, options_of(file, path), _typed())


def merged(
    options: Mapping[str, Any], file: Mapping[str, Any], typed: Collection[str]
) -> dict[str, Any]:
    """The options with what a file says; those that somebody typed are not replaced."""
    return {**options, **{name: value for name, value in file.items() if name not in typed}}


def _typed() -> set[str]:
    """The parameters that the command line gave, not their defaults."""
    context = click.get_current_context()
    return {
        name
        for name in context.params
        if context.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)
    }
