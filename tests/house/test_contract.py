"""Documents that cross a process border are frozen, strict, and say their units."""

from __future__ import annotations

import importlib
import re
import typing
from decimal import Decimal
from types import UnionType

import pytest

from schemas.contract import Contract
from schemas.states import JobState
from tests.house.packages import name_of, python_files

for _path in python_files("schemas"):
    importlib.import_module(name_of(_path).removesuffix(".py").replace("/", "."))

_UNIT = re.compile(r"(^|_)(s|ms|us|bytes|micro|px)$|_per_s$")
PLAIN_NUMBERS = {
    "version": "of the document's form",
    "line": "of the manifest",
    "number": "of the chunk",
    "size": "of the chunk, in jobs",
    "total": "jobs",
    "images": "pictures",
    "reused": "jobs",
    "price": "in the currency beside it",
    "minimum": "in the parameter's own unit, which its doc says",
    "maximum": "likewise",
    **{str(state): "jobs" for state in JobState},
}
"""Numbers whose name is a word of the glossary and says what is counted."""


def _documents() -> list[type[Contract]]:
    found: list[type[Contract]] = [Contract]
    for kind in found:
        found += kind.__subclasses__()
    return [kind for kind in found[1:] if kind.__module__.startswith("schemas.")]


documents = pytest.mark.parametrize("document", _documents(), ids=lambda kind: kind.__name__)


def _is_number(annotation: object) -> bool:
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        options = [o for o in typing.get_args(annotation) if o is not type(None)]
        return bool(options) and all(_is_number(option) for option in options)
    return annotation in (int, float, Decimal)


@documents
def test_every_number_says_what_it_counts(document: type[Contract]) -> None:
    silent = [
        name
        for name, field in document.model_fields.items()
        if _is_number(field.annotation)
        and not field.description
        and not _UNIT.search(name)
        and name not in PLAIN_NUMBERS
    ]
    assert silent == []


@documents
def test_documents_are_frozen_and_refuse_what_they_do_not_know(document: type[Contract]) -> None:
    assert document.model_config.get("frozen") is True
    assert document.model_config.get("extra") == "forbid"
    assert document.__doc__


def test_there_are_documents() -> None:
    assert {"Batch", "Job", "JobResult", "Sidecar"} <= {kind.__name__ for kind in _documents()}
