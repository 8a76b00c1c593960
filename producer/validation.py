"""Reads a manifest once, from top to bottom, and judges every row."""

from __future__ import annotations

from collections.abc import Iterator

from producer.checking import Bad, Good, RowChecker
from producer.duplicates import Identities
from producer.errors import ManifestError
from producer.manifest import Manifest
from producer.problem import Problem
from producer.row import Broken, Row
from schemas.layout import safe_name


def validate(manifest: Manifest, checker: RowChecker) -> Iterator[Good | Bad]:
    """Every row as a job or with its problems, in order.

    Raises ManifestError for a manifest that as a whole cannot be used.
    """
    if manifest.has_header:
        try:
            checker.check_header(manifest.columns)
        except ManifestError as error:
            raise ManifestError(f"{manifest.name}: {error}") from error
    identities = Identities()
    row = None
    for row in manifest.rows():
        if isinstance(row, Broken):
            yield Bad(row, (row.problem,), None)
        else:
            yield _unique(row, checker.check(row), identities, checker)
    if row is None:
        rows = "a header but no rows" if manifest.has_header else "no rows"
        raise ManifestError(f"{manifest.name} has {rows}; add one row for each picture order")


def _unique(
    row: Row, checked: Good | Bad, identities: Identities, checker: RowChecker
) -> Good | Bad:
    """The row as checked, unless an earlier one has its id or its files' name."""
    problems: tuple[Problem, ...] = ()
    if isinstance(checked, Good):
        identity, name = checked.job.id, checked.job.name
    elif checked.id is not None:
        identity, name, problems = checked.id, safe_name(checked.id), checked.problems
    else:
        return checked
    reason = identities.claim(identity, name, row.line)
    if reason is None:
        return checked
    return Bad(row, (*problems, checker.id_problem(row, reason)), identity)
