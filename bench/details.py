"""What each measurement found besides its targets, as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.grid import Row, grid
from bench.results import Figures

Columns = Sequence[tuple[str, Callable[[Figures], str]]]


def _rows(columns: Columns, runs: Sequence[Figures]) -> str:
    head = tuple(label for label, _ in columns)
    return grid(head, [tuple(shown(run) for _, shown in columns) for run in runs])


def _lines(head: Row, lines: Sequence[tuple[str, str]]) -> str:
    return grid(head, list(lines))


def _quota(found: Figures) -> list[str]:
    return [
        _rows(
            (
                ("quota", _scenario),
                ("workers", lambda run: str(run["scenario"]["workers"])),
                ("rate used", lambda run: f"{run['rate_used']:.1%}"),
                ("of what binds", lambda run: f"{run['used']:.1%}"),
                ("429", lambda run: f"{run['refused_share']:.2%}"),
                ("on orders", lambda run: str(run["refused_orders"])),
                ("on queries", lambda run: str(run["refused_queries"])),
                ("longest gap", lambda run: f"{run['longest_gap_s'] * 1000:.0f} ms"),
                ("queries a job", lambda run: f"{run['polls_per_job']:.2f}"),
                ("CPU a job", lambda run: f"{run['cpu_ms_per_job']:.1f} ms"),
            ),
            found["runs"],
        )
    ]


def _scenario(run: Figures) -> str:
    by = run["scenario"]
    running = "" if by["running"] >= 100_000 else f", {by['running']} running"
    return f"{by['rate']}/s{running}, {by['generation_s']:g} s, {by['flavour']}"


def _lanes(found: Figures) -> list[str]:
    columns: Columns = (
        ("ten lanes at once, beside one of 30 s calls", lambda use: str(use["model"])),
        ("its rate", lambda use: f"{use['rate']:g}/s"),
        ("rate used", lambda use: f"{use['rate_used']:.1%}"),
    )
    return [_rows(columns, found["lanes"])]


def _polls(found: Figures) -> list[str]:
    return [
        _rows(
            (
                ("looks", lambda run: f"{run['rate']:g}/s, {run['generation_s']:g} s a picture"),
                ("queries a job", lambda run: f"{run['queries_per_job']:.2f}"),
                ("of them lists", lambda run: f"{run['lists_per_job']:.2f}"),
                ("noticed after", lambda run: f"{run['noticed_p50_s']:.2f} s"),
                ("at 95 %", lambda run: f"{run['noticed_p95_s']:.2f} s"),
                ("queries a second", lambda run: f"{run['queries_a_second']:.1f}"),
                ("429 on queries", lambda run: str(run["refused_queries"])),
                ("most running", lambda run: f"{run['most_running']:,}"),
            ),
            [*found["runs"], *([found["thousand"]] if "thousand" in found else [])],
        )
    ]


def _cost(found: Figures) -> list[str]:
    runs = {"off": found["plain"], "drawn": found.get("thumbnails")}
    return [
        _rows(
            (
                ("small pictures", lambda run: str(run["what"])),
                ("CPU a job", lambda run: f"{run['cpu_ms_per_job']:.1f} ms"),
                ("of it `submit`", lambda run: f"{run['submit_ms_per_job']:.1f} ms"),
                ("tables and sheet", lambda run: f"{run['closing_ms_per_job']:.1f} ms"),
                ("Redis", lambda run: f"{run['server_ms_per_job']:.1f} ms"),
                ("storage", lambda run: f"{run['storage_ms_per_job']:.1f} ms"),
                ("simulator", lambda run: f"{run['simulator_ms_per_job']:.1f} ms"),
                ("jobs/s", lambda run: f"{run['jobs_per_s']:.0f}"),
                ("from `submit` on", lambda run: f"{run['jobs_per_s_whole']:.0f}"),
                ("queries a job", lambda run: f"{run['polls_per_job']:.2f}"),
                ("images stored", lambda run: f"{run['images_stored']:.0f} of {run['jobs']:.0f}"),
            ),
            [{"what": name, **run} for name, run in runs.items() if run],
        )
    ]


def _backlog(found: Figures) -> list[str]:
    return [
        _rows(
            (
                ("`submit`", lambda run: f"{run['rows']:,} rows, {run['form'].upper()}"),
                ("rows/s", lambda run: f"{run['rows_per_s']:,.0f}"),
                ("without the start", lambda run: f"{run['rows_per_s_started']:,.0f}"),
                ("the start", lambda run: f"{run['start_s']:.2f} s"),
                ("memory", lambda run: f"{run['peak_rss_mb']:.0f} MB"),
                ("with one row", lambda run: f"{run['start_rss_mb']:.0f} MB"),
                ("Redis above empty", lambda run: f"{run['server_mb']:.2f} MB"),
            ),
            [found[form] for form in ("csv", "jsonl") if form in found],
        )
    ]


def _million(found: Figures) -> list[str]:
    sharing = found["sharing"]
    total = sum(sharing["orders"].values()) or 1
    shares = [
        f"{thing}s {orders / total:.0%} (due {sharing['expected'][thing]:.0%})"
        for thing, orders in sharing["orders"].items()
    ]
    return [
        _lines(
            (f"beside {found['rows']:,} rows", "figure"),
            [
                ("status from the ledger, waiting", f"{found['status_ms']:.1f} ms"),
                ("the same while they run", f"{found['status_running_ms']:.1f} ms"),
                ("`imagemill status`, the whole command", f"{found['status_command_s']:.2f} s"),
                ("the same for a batch of one row", f"{found['status_one_row_s']:.2f} s"),
                ("of it Python's own start", f"{found['python_s']:.2f} s"),
                ("`imagemill pause`, the whole command", f"{found['pause']['command_s']:.2f} s"),
                ("`imagemill cancel`, the whole command", f"{found['cancel']['command_s']:.2f} s"),
                ("jobs ended while Redis was looked at", f"{found['running_jobs']:,}"),
                ("shares of one lane", ", ".join(shares)),
            ],
        )
    ]


def _peers(found: Figures) -> list[str]:
    return [table for each in found.values() for table in _contest(each)]


def _contest(found: Figures) -> list[str]:
    orders, queries = found["rate"], found["query_rate"]
    first, *others = found["contestants"]
    head = f"{orders} orders and {queries} queries a second, {found['jobs']} jobs"
    times = "once" if found["times"] == 1 else f"median of {found['times']}"
    columns: Columns = (
        (f"{head}, {times}", lambda run: str(run["name"])),
        ("rate used", lambda run: f"{run['rate_used']:.1%}"),
        ("orders in", lambda run: f"{run['orders']:.0f} of {run['jobs']:.0f}"),
        ("fullest second", lambda run: f"{run['most_in_a_second']:.0f}"),
        ("429 on orders", lambda run: f"{run['refused_orders']:.0f}"),
        ("429 on queries", lambda run: f"{run['refused_queries']:.0f}"),
        ("queries a job", lambda run: f"{run['polls_per_job']:.2f}"),
        ("picture kept after", lambda run: _seconds(run["late_s"])),
        ("at 95 %", lambda run: _seconds(run["late_p95_s"])),
        ("CPU a job", lambda run: f"{run['cpu_ms_per_job']:.1f} ms"),
        ("images kept", lambda run: f"{run['images_stored']:.0f}"),
        ("charged twice", lambda run: f"{run['charged_twice']:.0f}"),
        ("time", _time),
    )
    ratios: Columns = (
        ("the mill against", lambda run: str(run["name"])),
        ("rate used", lambda run: ratio(first, run, "rate_used")),
        ("queries a job", lambda run: ratio(first, run, "polls_per_job")),
        ("picture kept after", lambda run: ratio(first, run, "late_s")),
        ("at 95 %", lambda run: ratio(first, run, "late_p95_s")),
        ("CPU a job", lambda run: ratio(first, run, "cpu_ms_per_job")),
        ("images kept", lambda run: ratio(first, run, "images_stored")),
        ("time", lambda run: ratio(first, run, "seconds")),
    )
    return [_rows(columns, [first, *others]), _rows(ratios, others)]


def ratio(mill: Figures, peer: Figures, name: str) -> str:
    """The mill's figure by the peer's; a dash where one of them has none."""
    ours, theirs = mill[name], peer[name]
    return f"{ours / theirs:.2f}" if ours is not None and theirs else "–"


def _time(run: Figures) -> str:
    return f"{run['seconds']:.0f} s" if run["in_time"] else f"ended after {run['seconds']:.0f} s"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def _workers(found: Figures) -> list[str]:
    return [
        _rows(
            (
                ("worker processes", lambda run: str(run["workers"])),
                ("jobs/s, instant provider", lambda run: f"{run['jobs_per_s']:.0f}"),
                ("jobs", lambda run: f"{run['jobs']:,}"),
            ),
            found["runs"],
        )
    ]


def _by_rows(found: Figures) -> list[str]:
    return [
        _rows(
            (
                ("rows", lambda run: f"{run['rows']:,}"),
                ("`submit`, memory", lambda run: f"{run['peak_rss_mb']:.0f} MB"),
                ("Redis above empty", lambda run: f"{run['server_mb']:.2f} MB"),
            ),
            found["runs"],
        )
    ]


def _rates(found: Figures) -> list[str]:
    return [
        _rows(
            (
                ("allowed", lambda run: f"{run['rate']}/s"),
                ("rate used", lambda run: f"{run['rate_used']:.1%}"),
                ("429 on orders", lambda run: f"{run['refused_orders']}"),
                ("queries a job", lambda run: f"{run['polls_per_job']:.2f}"),
                ("images stored", lambda run: f"{run['images_stored']} of {run['jobs']}"),
            ),
            found["runs"],
        )
    ]


def _capacity(found: Figures) -> list[str]:
    return [
        _lines(
            (f"{found['lanes']:,} lanes", "figure"),
            [
                ("Redis, a lane that was opened", f"{found['kb_per_lane']:.2f} KB"),
                ("Redis, a batch in it, waiting", f"{found['kb_per_batch']:.2f} KB"),
                ("Redis, a loaded job", f"{found['kb_per_job']:.2f} KB"),
                ("Redis, a ticket", f"{found['kb_per_ticket']:.2f} KB"),
                ("a write, on disk before it is answered", f"{found['write_ms']:.2f} ms"),
                ("looks at lanes", f"{found['looks_per_s']:.0f} a second"),
                ("the same at full speed", f"{found['most_looks_per_s']:.0f} a second"),
                ("dispatcher, CPU a look", f"{found['cpu_ms_per_look']:.2f} ms"),
                ("dispatcher, of a core", f"{found['dispatcher_share']:.0%}"),
                ("Redis, CPU a look", f"{found['server_cpu_ms_per_look']:.2f} ms"),
                ("Redis, of its thread", f"{found['server_share']:.0%}"),
            ],
        )
    ]


def _endurance(found: Figures) -> list[str]:
    work, worker, server = found["server_work"], found["worker"], found["server"]
    return [
        _lines(
            (f"{found['jobs']:,} jobs, instant provider", "figure"),
            [
                ("jobs/s", f"{found['jobs_per_s']:.0f}"),
                ("until the last picture", f"{found['seconds']:.0f} s"),
                ("tables and contact sheet", f"{found['closing_s']:.0f} s"),
                ("larger worker, first and last tenth", _mb(worker)),
                ("at most while tables are written", f"{found['worker_closing_mb']:.0f} MB"),
                ("Redis, first and last tenth", _mb(server)),
                ("Redis, CPU a job", f"{work['cpu_ms']:.2f} ms"),
                ("Redis, its thread busy a job", f"{work['busy_ms']:.2f} ms"),
                ("Redis, rounds of its loop a job", f"{work['cycles']:.1f}"),
                ("Redis, scripts a job", f"{work['scripts']:.1f}"),
                ("Redis, commands a job, in scripts too", f"{work['commands']:.0f}"),
                ("Redis, received a job", f"{work['received_bytes'] / 1000:.1f} KB"),
            ],
        )
    ]


def _mb(tenths: dict[str, Any]) -> str:
    return f"{tenths['first_mb']:.1f} MB, {tenths['last_mb']:.1f} MB"


DETAILS: dict[str, Callable[[Figures], list[str]]] = {
    "quota": _quota,
    "lanes": _lanes,
    "polls": _polls,
    "cost": _cost,
    "backlog": _backlog,
    "million": _million,
    "peers": _peers,
    "workers": _workers,
    "rows": _by_rows,
    "rates": _rates,
    "capacity": _capacity,
    "endurance": _endurance,
}
"""By the measurement's name."""
