"""Reads a manifest once, from top to bottom, and judges every row."""

from __future__ import annotations

from collections.abc import Iterator

from producer.checking import Bad, Good, RowChecker
from producer.duplicates import Identities
from producer.errors import ManifestError
from producer.manifest import Manifest
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
    check, claim = checker.check, identities.claim
    for row in manifest.rows():
        if isinstance(row, Broken):
            yield Bad(row, (row.problem,), None)
            continue
        checked = check(row)
        if isinstance(checked, Good):
            reason = claim(checked.job.id, checked.job.name, row.line)
        elif checked.id is not None:
            reason = claim(checked.id, safe_name(checked.id), row.line)
        else:
            reason = None
        yield checked if reason is None else _taken(row, checked, reason, checker)
    if row is None:
        rows = "a header but no rows" if manifest.has_header else "no rows"
        raise ManifestError(f"{manifest.name} has {rows}; add one row for each picture order")


def _taken(row: Row, checked: Good | Bad, reason: str, checker: RowChecker) -> Bad:
    """A row whose id or files' name an earlier one has."""
    problem = checker.id_problem(row, reason)
    if isinstance(checked, Good):
        return Bad(row, (problem,), checked.job.id)
    return Bad(row, (*checked.problems, problem), checked.id)
