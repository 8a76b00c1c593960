"""Manifests for tests, made from text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from producer.accounts_asked import Accounts
from producer.checking import Bad, Good, RowChecker
from producer.defaults import defaults_from
from producer.manifest import Form, Manifest, open_manifest
from producer.row import Row
from producer.validation import validate
from schemas.catalogue import catalogue
from schemas.job import Job


def given(
    content: str | bytes,
    *,
    form: Form | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Manifest:
    """A manifest that came through standard input."""
    data = content.encode() if isinstance(content, str) else content
    return open_manifest("-", form=form, encoding=encoding, sheet=sheet, stdin=io.BytesIO(data))


def checker(
    model: str | None = None,
    *sets: str,
    account: str = "default",
    said: Mapping[str, str] | None = None,
) -> RowChecker:
    """A checker with the catalogue that ships with imagemill."""
    known = catalogue()
    defaults = replace(defaults_from(model, sets, known), columns=dict(said or {}))
    return RowChecker(known, defaults, accounts=Accounts(account))


def validated(
    content: str | bytes, model: str | None = None, sets: Sequence[str] = ()
) -> list[Good | Bad]:
    """All rows of a manifest, judged."""
    with given(content) as manifest:
        return list(validate(manifest, checker(model, *sets)))


def jobs(content: str | bytes, model: str | None = None, sets: Sequence[str] = ()) -> list[Job]:
    """The jobs of a manifest in which nothing is wrong."""
    return [job_of(checked) for checked in validated(content, model, sets)]


def job_of(checked: Good | Bad) -> Job:
    """The job of a row that must be good."""
    assert isinstance(checked, Good), [str(problem) for problem in checked.problems]
    return checked.job


def complaints(
    content: str | bytes, model: str | None = None, sets: Sequence[str] = ()
) -> list[str]:
    """Every problem of a manifest as it is shown."""
    return [
        str(problem)
        for checked in validated(content, model, sets)
        if isinstance(checked, Bad)
        for problem in checked.problems
    ]


def check_cells(default: str | None = None, /, *sets: str, **cells: Any) -> Good | Bad:
    """One row with these cells, checked; id and prompt are there unless given."""
    row = {"id": "A-1", "prompt": "a red cup", **cells}
    return checker(default, *sets).check(Row(7, tuple(row), row))


def reasons(checked: Good | Bad) -> list[str]:
    """What is wrong with a row, as it is shown."""
    return [] if isinstance(checked, Good) else [str(problem) for problem in checked.problems]
