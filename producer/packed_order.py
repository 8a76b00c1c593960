"""An order in one document: what options and files say, with no path of the machine they are on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from producer.batch_file import options_of
from producer.errors import ManifestError, OptionError
from producer.prompt_template import Template, read_template
from producer.style_packs import read_style_packs
from schemas.batch import Priority
from schemas.batch_file import BatchFile

_PLAIN = {
    "form": "format",
    "encoding": "encoding",
    "sheet": "sheet",
    "name": "batch",
    "model": "model",
    "account": "account",
    "style_pack": "style_pack",
    "matrix_limit": "matrix_limit",
    "fresh": "fresh",
    "label": "label",
    "gate": "gate",
    "rerolls": "rerolls",
    "revision": "revision",
    "skip_invalid": "skip_invalid",
    "allow_unknown_model": "allow_unknown_model",
    "price": "price",
    "like": "like",
    "notify": "notify",
}
"""Options whose values a batch file's keys have as they are, by the option's name."""
_USUAL = {"priority": str(Priority.NORMAL)}


def packed(manifest: str, options: Mapping[str, Any]) -> BatchFile:
    """The batch file that says what the options say; `manifest` is an address.

    At which hours it orders is not in it: whoever hands it over says so beside it.
    Raises ManifestError for a file that cannot be read, OptionError for what no file can say.
    """
    said = {key: options.get(option) for option, key in _PLAIN.items()}
    said |= {name: options[name] for name, usual in _USUAL.items() if options[name] != usual}
    said["manifest"] = manifest
    said["budget"] = list(options["budgets"])
    said["set"] = {**options.get("set_table", {}), **_pairs(options["sets"], "--set")}
    said["map"] = {**options.get("map_table", {}), **_pairs(options["maps"], "--map")}
    said["renditions"] = list(options["renditions"])
    said["matrix"] = {
        **options.get("matrix_table", {}),
        **{name: _values(text) for name, text in _pairs(options["axes"], "--matrix").items()},
    }
    packs = dict(options.get("packs_table", {}))
    if options["style_packs"] is not None:
        packs |= read_style_packs(Path(options["style_packs"]))
    said["style_packs"] = packs
    if (template := _text(options["template"])) is not None:
        said["template"] = {"text": template}
    if (naming := options["naming"]) is not None:
        said["naming"] = {"stem": naming.text if isinstance(naming, Template) else naming}
    try:
        return BatchFile(**{key: value for key, value in said.items() if _says(value)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise OptionError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error


def unpacked(order: BatchFile, usual: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a packed order stands for; `usual` are those of which it says nothing.

    Raises ManifestError for a template that is none.
    """
    if order.style_packs_file is not None or (order.template and order.template.file is not None):
        raise ManifestError("the order names a file, which is not on this machine")
    return {**usual, **options_of(order, Path("order"))}


def _says(value: Any) -> bool:
    return value is not None and value is not False and value not in ({}, [])


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OptionError(f"{option} {text!r}: write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def _values(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _text(template: Any) -> str | None:
    if template is None:
        return None
    return template.text if isinstance(template, Template) else read_template(Path(template)).text
