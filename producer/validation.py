"""Reads a manifest once, from top to bottom, and judges every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from producer.checking import Bad, Good, RowChecker
from producer.duplicates import Identities
from producer.errors import ManifestError
from producer.manifest import Manifest
from producer.matrix import Matrix
from producer.problem import Caution, Problem
from producer.row import Broken, Row
from schemas.job import Job
from schemas.layout import safe_name


def validate(
    manifest: Manifest, checker: RowChecker, matrix: Matrix | None = None
) -> Iterator[Good | Bad]:
    """Every row, or each that a matrix makes of it, as a job or with its problems, in order.

    Raises ManifestError for a manifest that as a whole cannot be used.
    """
    if manifest.has_header:
        columns = manifest.columns if matrix is None else matrix.columns(manifest.columns)
        try:
            checker.check_header(columns)
        except ManifestError as error:
            raise ManifestError(f"{manifest.name}: {error}") from error
    if matrix is None:
        yield from _judged(manifest, manifest.rows(), checker)
    else:
        judged = _judged(manifest, matrix.expanded(manifest.rows()), checker)
        yield from _as_rows_of_their_own(judged, checker)


def _judged(
    manifest: Manifest, rows: Iterable[Row | Broken], checker: RowChecker
) -> Iterator[Good | Bad]:
    identities = Identities()
    names = None if checker.wording.naming is None else Identities()
    row = None
    check, claim = checker.check, identities.claim
    for row in rows:
        if isinstance(row, Broken):
            yield Bad(row, (row.problem,), None)
            continue
        checked = check(row)
        if isinstance(checked, Good):
            job = checked.job
            # Without a template for names they are made of the ids, and so are claimed with them.
            reason = claim(job.id, job.name if names is None else safe_name(job.id), row.line)
            if reason is None and names is not None:
                reason = _name_taken(names, job, row)
        elif checked.id is not None:
            reason = claim(checked.id, safe_name(checked.id), row.line)
        else:
            reason = None
        yield checked if reason is None else _taken(row, checked, reason, checker)
    if row is None:
        told = "a header but no rows" if manifest.has_header else "no rows"
        raise ManifestError(f"{manifest.name} has {told}; add one row for each picture order")


def _name_taken(names: Identities, job: Job, row: Row) -> str | None:
    reason = names.claim(job.id, job.name, row.line)
    return None if reason is None else f"{reason} ({job.name}); let the template for names say more"


def _taken(row: Row, checked: Good | Bad, reason: str, checker: RowChecker) -> Bad:
    """A row whose id or files' name an earlier one has."""
    problem = checker.id_problem(row, reason)
    if isinstance(checked, Good):
        return Bad(row, (problem,), checked.job.id, repeats=True)
    return Bad(row, (*checked.problems, problem), checked.id, repeats=True)


def _as_rows_of_their_own(
    judged: Iterable[Good | Bad], checker: RowChecker
) -> Iterator[Good | Bad]:
    """What is to be said of a line is said once, however many orders it makes.

    A bad row comes with its own id and values, so that it may be handed in again beside others.
    """
    line, told = 0, set[Problem | Caution]()
    for checked in judged:
        at = checked.job.line if isinstance(checked, Good) else checked.row.line
        if at != line:
            line, told = at, set()
        if isinstance(checked, Good):
            cautions = tuple(each for each in checked.cautions if each not in told)
            told.update(cautions)
            yield checked._replace(cautions=cautions)
            continue
        problems = tuple(each for each in checked.problems if each not in told)
        told.update(problems)
        yield checked._replace(row=_own_row(checked, checker), problems=problems)


def _own_row(bad: Bad, checker: RowChecker) -> Row | Broken:
    row = bad.row
    if isinstance(row, Broken) or bad.id is None:
        return row
    column = checker.fields(row.columns).columns["id"]
    return row._replace(cells={**row.cells, column: bad.id}, variant=())
