"""docs/metrics.md: the figures for people. `python -m worker.metrics_page` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from schemas.beat_figures import BEAT
from schemas.figure import Figure
from worker.figures import FLEET, OWN

_HEAD = """\
# Metrics, logs and traces

<!-- Made by `python -m worker.metrics_page > docs/metrics.md`; a test compares. -->

## Metrics

Each worker process tells its own figures to Prometheus, once it has a port:

```toml
[metrics]
port = 9464
listen = "127.0.0.1"
```

Two processes on one machine need two ports (`IMAGEMILL_METRICS__PORT=9465`); `0` takes a free one and logs it. A beat
tells its own at `beat_port`, so that it may share a machine and its settings with a worker. Flower has `/metrics` of its
own, of tasks. There is no password: let it listen where only your monitoring reaches. A job pays about 0.05 ms of CPU for being counted, and
nothing to the ledger.

What the ledger knows of the whole fleet is told by the process that leads, and by no other, so that sums are right. It
is read when somebody asks, at most every 5 seconds. Labels are lanes, states and classes; never a batch or a job: those
are in the log.

`imagemill_lane_binds` says which limit keeps a lane from ordering more, as `imagemill lanes` does. Only where it says
`workers` do more workers help.

[deploy/prometheus](../deploy/prometheus) has alert rules, [deploy/runbook.md](../deploy/runbook.md) what to do about each,
and [deploy/grafana](../deploy/grafana) a dashboard.
"""
_TAIL = """\
## Logs

A worker writes one JSON object a line to stderr. `step.ended` is there for each step of a job: `batch`, `job`, `lane`,
`step`, `attempt`, `outcome`, `moved` (whether it was written down), `elapsed_s`; and once the job has ended, its `state`
and its `errors`, as class/code. Keys, passwords and the signatures of addresses are hidden.

## Traces

With `pip install 'imagemill[otel]'` and

```toml
[traces]
endpoint = "http://127.0.0.1:4318/v1/traces"
sample = 0.1
```

a tenth of the jobs are traced, each round of a job as one trace, whichever processes work on it: a span for each step
and each request, and one for the whole job. The trace id is the first 16 bytes of the SHA-256 of `BATCH/ID#ROUND`, so a
job's trace is found by its name. `sample = 1.0`, the default, is every job. Without an endpoint nothing is done for it.
"""


def page() -> str:
    """The whole page."""
    worker, leader, beat = ("Each worker", OWN), ("The leader", FLEET), ("Each beat", BEAT)
    tables = (line for table in (worker, leader, beat) for line in _table(*table))
    return "\n".join([_HEAD, *tables, _TAIL])


def _table(title: str, figures: Iterable[Figure]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield "| metric | kind | labels | what it says |"
    yield "|---|---|---|---|"
    for figure in figures:
        labels = ", ".join(f"`{label}`" for label in figure.labels)
        yield f"| `{figure.name}` | {figure.kind} | {labels} | {figure.says} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
