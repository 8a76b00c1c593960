"""Reads a batch file, and says what it says in the words of the command line's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from producer.errors import ManifestError
from producer.prompt_template import Template, read_template
from producer.source import STDIN
from producer.style_packs import packs_from, read_style_packs
from producer.toml_file import read_toml, wrong
from schemas.batch_file import BatchFile, NamingSection, TemplateSection
from schemas.manifest_place import is_remote
from schemas.notify import Notify
from schemas.rendition import NONE

ENDING = ".toml"
_SECTIONS: dict[str, type[BaseModel]] = {
    "template": TemplateSection,
    "naming": NamingSection,
    "notify": Notify,
}
_PLAIN = {
    "model": "model",
    "set": "set_table",
    "account": "account",
    "style_pack": "style_pack",
    "matrix": "matrix_table",
    "matrix_limit": "matrix_limit",
    "priority": "priority",
    "window": "window",
    "tz": "tz",
    "skip_invalid": "skip_invalid",
    "allow_unknown_model": "allow_unknown_model",
    "price": "price",
    "like": "like",
    "batch": "name",
    "format": "form",
    "encoding": "encoding",
    "sheet": "sheet",
    "map": "map_table",
    "fresh": "fresh",
    "revision": "revision",
    "label": "label",
    "gate": "gate",
    "rerolls": "rerolls",
}
"""Keys whose values are an option's, by the option's name among a command's parameters."""


def is_batch_file(source: str) -> bool:
    """Whether a command's MANIFEST is a batch file that names one."""
    return source.lower().endswith(ENDING)


def read_batch_file(path: Path) -> BatchFile:
    """The file, checked. Raises ManifestError naming every wrong key and value."""
    tables = read_toml(path)
    packs = tables.get("style_packs")
    if isinstance(packs, dict):
        packs_from(path.name, packs)  # which says more of what is wrong in one
    try:
        return BatchFile.model_validate(tables)
    except ValidationError as error:
        raise wrong(path.name, error, keys_at) from error


def options_of(file: BatchFile, path: Path) -> dict[str, Any]:
    """What the file says, by the names of a command's parameters; what it does not say is not in.

    Raises ManifestError for a template or style packs that cannot be read.
    """
    said = file.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"notify"})
    found = {option: said[key] for key, option in _PLAIN.items() if key in said}
    if file.notify is not None:
        found["notify"] = file.notify
    if file.budget:
        found["budgets"] = tuple(file.budget)
    if file.renditions is not None:
        found["renditions"] = tuple(file.renditions) or (NONE,)
    if file.template is not None:
        found["template"] = _template(file.template, path)
    if file.naming is not None:
        found["naming"] = Template(f"{path.name}, [naming] stem", file.naming.stem)
    packs = dict(file.style_packs)
    if file.style_packs_file is not None:
        packs = {**read_style_packs(path.parent / file.style_packs_file), **packs}
    if packs:
        found["packs_table"] = packs
    return found


def manifest_of(file: BatchFile, path: Path) -> str:
    """Where the manifest is. Raises ManifestError where it is a batch file again."""
    if file.manifest == STDIN or is_remote(file.manifest):
        return file.manifest
    if is_batch_file(file.manifest):
        raise ManifestError(f"{path.name}: manifest is a batch file too; name the table of rows")
    return str(path.parent / file.manifest)


def _template(section: TemplateSection, path: Path) -> Template:
    if section.file is not None:
        return read_template(path.parent / section.file)
    return Template(f"{path.name}, [template] text", section.text or "")


def keys_at(place: Sequence[int | str]) -> list[str]:
    """The keys that may stand in the table a path of keys leads to."""
    section: Mapping[str, Any] = BatchFile.model_fields
    if place:
        kind = _SECTIONS.get(str(place[0]))
        section = {} if kind is None else kind.model_fields
    return sorted(section)
