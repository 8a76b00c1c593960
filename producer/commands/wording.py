"""The options that say how rows become orders: templates, style packs, a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from producer.errors import OptionError
from producer.manifest import Manifest
from producer.matrix import LIMIT, Matrix, axis_of, check_product
from producer.prompt_template import Template, read_template
from producer.session import Session
from producer.style_packs import StylePacks, read_style_packs
from producer.wording import Wording
from schemas.catalogue import Catalogue
from schemas.fields import canonical_name

OPTIONS = [
    click.option(
        "--template",
        metavar="FILE",
        help="Jinja2 template that makes each row's prompt of its columns.",
    ),
    click.option(
        "--style-packs",
        metavar="FILE",
        help="TOML file of style packs, for --style-pack and the column style_pack.",
    ),
    click.option("--style-pack", metavar="NAME", help="Style pack of the rows that name none."),
    click.option(
        "--matrix",
        "axes",
        multiple=True,
        metavar="COLUMN=A,B",
        help="Order every row once with each of these values. Repeatable: with each combination.",
    ),
    click.option(
        "--matrix-limit",
        type=click.IntRange(1),
        metavar="ORDERS",
        help=f"The most orders a matrix may make. [default: {LIMIT:,}]",
    ),
    click.option(
        "--name",
        "naming",
        metavar="TEMPLATE",
        help="How pictures are called, e.g. '{{ brand }}-{{ id }}'. [default: {{ id }}]",
    ),
]


def wording_from(options: Mapping[str, Any]) -> Wording:
    """The templates that are said. Raises ManifestError for a text that is none."""
    template, naming = options["template"], options["naming"]
    if isinstance(template, str):
        template = read_template(Path(template))
    if isinstance(naming, str):
        naming = Template("--name", naming)
    return Wording(template, naming)


def style_packs_from(options: Mapping[str, Any], models: Catalogue) -> StylePacks:
    """The style packs that are said, a batch file's among them. Raises ManifestError."""
    packs = dict(options.get("packs_table", {}))
    if options["style_packs"] is not None:
        packs |= read_style_packs(Path(options["style_packs"]))
    found = StylePacks(packs, options["style_pack"])
    found.check(models)
    return found


def matrix_from(options: Mapping[str, Any]) -> Matrix | None:
    """The matrix that is said: an axis of the command line replaces the batch file's."""
    axes = {
        canonical_name(name): axis_of(name, values)
        for name, values in options.get("matrix_table", {}).items()
    }
    axes |= _axes(options["axes"])
    return Matrix(axes.values()) if axes else None


def announce(
    manifest: Manifest, matrix: Matrix | None, limit: int | None, session: Session
) -> None:
    """Say how many orders a matrix makes, before it makes them. Raises OptionError at too many."""
    if matrix is None:
        return
    product = matrix.count(manifest.rows())
    check_product(product, limit)
    session.say(f"{manifest.name}: {product}")


def _axes(texts: Iterable[str]) -> dict[str, Any]:
    found = {}
    for text in texts:
        name, equals, values = text.partition("=")
        parts = [part.strip() for part in values.split(",") if part.strip()]
        if not equals or not name.strip() or not parts:
            raise OptionError(f"--matrix {text!r}: write COLUMN=A,B, as in angle=front,side")
        if canonical_name(name) in found:
            raise OptionError(
                f"--matrix {name.strip()} is given twice; write all its values in one"
            )
        found[canonical_name(name)] = axis_of(name, parts)
    return found
