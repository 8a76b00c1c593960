"""Manifests ordered by templates, style packs and a matrix, all given as text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from producer.checking import Bad, Good, RowChecker
from producer.defaults import defaults_from
from producer.matrix import Matrix, axis_of
from producer.prompt_template import Template
from producer.style_packs import StylePacks, packs_from
from producer.validation import validate
from producer.wording import Wording
from schemas.catalogue import catalogue
from schemas.job import Job
from tests.producer.manifests import given, job_of

Axes = Mapping[str, Sequence[str] | Mapping[str, str]]


def matrix_of(axes: Axes) -> Matrix:
    return Matrix(axis_of(name, values) for name, values in axes.items())


def packs_of(text: str, usual: str | None = None) -> StylePacks:
    packs = StylePacks(packs_from("packs.toml", tomllib.loads(text)), usual)
    packs.check(catalogue())
    return packs


def judged(
    content: str,
    template: str | None = None,
    *,
    naming: str | None = None,
    packs: StylePacks | None = None,
    axes: Axes | None = None,
    sets: Sequence[str] = ("model=wanx-v1",),
) -> list[Good | Bad]:
    """Every order of a manifest."""
    wording = Wording(
        None if template is None else Template("prompt.j2", template),
        None if naming is None else Template("--name", naming),
    )
    known = catalogue()
    checker = RowChecker(known, defaults_from(None, sets, known), packs=packs, wording=wording)
    with given(content) as manifest:
        return list(validate(manifest, checker, matrix_of(axes) if axes else None))


def worded(content: str, template: str | None = None, **how: Any) -> list[Job]:
    """The jobs of a manifest in which nothing is wrong."""
    return [job_of(checked) for checked in judged(content, template, **how)]


def faults(content: str, template: str | None = None, **how: Any) -> list[str]:
    """Everything that is wrong, as it is shown."""
    return [
        str(problem)
        for checked in judged(content, template, **how)
        if isinstance(checked, Bad)
        for problem in checked.problems
    ]
