"""What is reported of a step that has ended: a line in the log, figures, and the end of its job's trace."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from ledger.moves import Moved
from schemas.result import JobResult
from worker import figures
from worker.held import HeldJob
from worker.metrics import Metrics
from worker.outcomes import Ended, Outcome, Retry
from worker.tools import Tools

log = logging.getLogger(__name__)


def report(
    held: HeldJob, step: str, outcome: Outcome, moved: Moved, elapsed_s: float, tools: Tools
) -> None:
    """Report how a step ended, and what became of that."""
    extra = {
        "batch": held.claim.batch,
        "job": held.claim.job,
        "lane": held.claim.lane,
        "step": step,
        "attempt": held.record.attempts,
        "outcome": type(outcome).__name__,
        "moved": moved.name,
        "elapsed_s": round(elapsed_s, 4),
    }
    if isinstance(outcome, Ended):
        extra |= _ending(outcome.result)
    log.log(logging.INFO if moved is Moved.YES else logging.WARNING, "step.ended", extra=extra)
    _count(held, step, outcome, moved, tools.metrics)
    tools.metrics.took(figures.STEP_SECONDS, step, elapsed_s=elapsed_s)
    if isinstance(outcome, Ended) and moved is Moved.YES:
        since = min(datetime.fromtimestamp(held.begun_ms / 1000, UTC), tools.clock.now())
        tools.tracing.job(held.claim, held.job.round, since, outcome.result.state)


def count_withdrawn(lane: str, results: Iterable[JobResult], metrics: Metrics) -> None:
    """Count jobs that ended without a step, as they were never loaded; nothing was added to them."""
    for result in results:
        _count_result(metrics, lane, result)


def _ending(result: JobResult) -> dict[str, str]:
    errors = sorted({f"{failure.error_class}/{failure.code}" for failure in result.failures})
    return {"state": str(result.state)} | ({"errors": ", ".join(errors)} if errors else {})


def _count(held: HeldJob, step: str, outcome: Outcome, moved: Moved, metrics: Metrics) -> None:
    lane = held.claim.lane
    metrics.count(figures.STEPS, lane, step, type(outcome).__name__)
    for money in (figures.COST, figures.AT_RISK):
        metrics.count(money, lane, held.model.currency, by=0)  # what begins at 0.16 never rose
    if moved is not Moved.YES:
        metrics.count(figures.LATE_WRITES, lane)
        return
    if isinstance(outcome, Retry) and outcome.resubmitted:
        metrics.count(figures.DOUBLE_CHARGES, lane)
    if isinstance(outcome, Ended):
        _count_ending(metrics, held, outcome.result)


def _count_ending(metrics: Metrics, held: HeldJob, result: JobResult) -> None:
    """Of a row that ran before, only what this round added."""
    lane, earlier, currency = held.claim.lane, held.job.earlier, held.model.currency
    _count_result(metrics, lane, result)
    before = {image.key for image in earlier.kept}
    images = [image for image in result.images if image.key not in before]
    metrics.count(figures.IMAGES, lane, by=len(images))
    metrics.count(figures.IMAGE_BYTES, lane, by=sum(image.size_bytes for image in images))
    cost_micro = max(result.cost_micro - earlier.cost_micro, 0)
    metrics.count(figures.COST, lane, currency, by=cost_micro / 1e6)
    metrics.count(figures.AT_RISK, lane, currency, by=result.at_risk_micro / 1e6)


def _count_result(metrics: Metrics, lane: str, result: JobResult) -> None:
    metrics.count(figures.JOBS_ENDED, lane, result.state)
    for failure in result.failures:
        metrics.count(figures.JOB_ERRORS, lane, failure.error_class)
