"""Renders the figures: on the terminal, in bench/results.json and in bench/README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backlog import Backlog
from bench.cost import Cost
from bench.peers.comparison import Peer
from bench.quota import Quota

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
README = FOLDER / "README.md"
_BLOCK = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- /table -->)", re.DOTALL)

Row = tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """Everything one run of the bench found out."""

    machine: dict[str, str]
    quota: Quota
    strict: tuple[Quota, ...]
    """The same against a provider that counts more strictly."""
    backlog: Backlog
    peers: tuple[Peer, ...]
    cost: tuple[Cost, ...]
    """Of a job, first without small pictures, then with them."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "machine": self.machine,
            "quota": self.quota.document(),
            "strict": [quota.document() for quota in self.strict],
            "backlog": self.backlog.document(),
            "peers": [peer.document() for peer in self.peers],
            "cost": [cost.document() for cost in self.cost],
        }


def markdown(figures: Figures) -> str:
    """All tables, the machine first."""
    peers = [*map(_peer_row, figures.peers)]
    parts = [
        _table(("measured on", ""), list(figures.machine.items())),
        _table(("what", "figure", "target", "met"), _targets(figures)),
        _table(("also measured", "figure"), _others(figures.quota, figures.backlog)),
    ]
    parts.append(_table(_COST, [*map(_cost_row, figures.cost)]))
    if figures.strict:
        parts.append(_table(_STRICT, [*map(_strict_row, figures.strict)]))
    if peers:
        parts.append(_table(_COMPARED, [_mill_row(figures.quota), *peers]))
    return "\n\n".join(parts) + "\n"


def write(figures: Figures) -> None:
    """Keep the figures: results.json, and the block between the marks of README.md."""
    write_json(figures, RESULTS)
    page = README.read_text(encoding="utf-8")
    if not _BLOCK.search(page):
        raise ValueError("bench/README.md has lost the marks around its table")
    README.write_text(_BLOCK.sub(lambda _: f"\n{markdown(figures)}\n", page), encoding="utf-8")


def write_json(figures: Figures, path: Path) -> None:
    """The figures as JSON."""
    text = json.dumps(figures.document(), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _targets(figures: Figures) -> list[Row]:
    quota, backlog = figures.quota, figures.backlog
    refused = quota.refused_orders + quota.refused_queries
    rows = f"{backlog.rows:,} waiting rows"
    return [
        _aim(
            f"share of the allowed rate used, {quota.workers} workers, {quota.jobs} jobs",
            f"{quota.rate_used:.1%}",
            ">= 97 %",
            met=quota.rate_used >= 0.97,
        ),
        _aim("requests refused (429)", str(refused), "0", met=refused == 0),
        _aim(
            "images stored, bytes as in the results",
            str(quota.images_stored),
            str(quota.jobs),
            met=quota.images_stored == quota.jobs,
        ),
        _aim("charged twice", str(quota.charged_twice), "0", met=quota.charged_twice == 0),
        _aim(
            f"server memory above empty, {rows}",
            f"{backlog.server_mb:.2f} MB",
            "< 20 MB",
            met=backlog.server_mb < 20,
        ),
        _aim(
            f"`submit`, {backlog.rows:,} rows",
            f"{backlog.rows_per_s:,.0f} rows/s",
            ">= 20,000 rows/s",
            met=backlog.rows_per_s >= 20_000,
        ),
        _aim(
            "`submit`, peak resident memory",
            f"{backlog.peak_rss_mb:.0f} MB",
            "< 150 MB",
            met=backlog.peak_rss_mb < 150,
        ),
        *_cost_targets(figures.cost[0]),
    ]


def _cost_targets(cost: Cost) -> list[Row]:
    return [
        _aim(
            f"CPU of a job, `submit` and {cost.workers} workers, into a bucket",
            f"{cost.cpu_ms_per_job:.1f} ms",
            "<= 8 ms",
            met=cost.cpu_ms_per_job <= 8,
        ),
        _aim(
            f"throughput, instant provider, {cost.jobs:,} jobs",
            f"{cost.jobs_per_s:.0f} jobs/s",
            ">= 100 jobs/s",
            met=cost.jobs_per_s >= 100,
        ),
    ]


def _aim(what: str, figure: str, target: str, *, met: bool) -> Row:
    return what, figure, target, "yes" if met else "**no**"


def _others(quota: Quota, backlog: Backlog) -> list[Row]:
    late = f"{quota.stored_after_s:.2f} s median, {quota.stored_after_p95_s:.2f} s at 95 %"
    return [
        (
            "rate used, from the start of the command `submit`",
            f"{quota.rate_used_since_submit:.1%}",
        ),
        ("longest gap between two orders", f"{quota.longest_gap_s * 1000:.0f} ms"),
        ("polls a job", f"{quota.polls_per_job:.2f}"),
        ("picture ready at the provider until stored", late),
        ("CPU of the workers a job", f"{quota.cpu_ms_per_job:.1f} ms"),
        ("resident memory of the larger worker", f"{quota.worker_rss_mb:.0f} MB"),
        (f"whole batch of {quota.jobs}, `submit` to tables", f"{quota.seconds:.1f} s"),
        ("`submit` without the start of the command", f"{backlog.rows_per_s_started:,.0f} rows/s"),
        ("the start of the command, one row", f"{backlog.start_s:.2f} s"),
        ("resident memory with one row", f"{backlog.start_rss_mb:.0f} MB"),
    ]


_COST = (
    "instant provider, 200 KB pictures into a bucket",
    "CPU a job",
    "of it `submit`",
    "tables and contact sheet",
    "Redis, simulator, storage",
    "jobs/s",
    "from `submit` on",
    "polls a job",
    "images stored",
)


def _cost_row(cost: Cost) -> Row:
    return (
        f"{cost.jobs:,} jobs, small pictures {'drawn' if cost.thumbnails else 'off'}",
        f"{cost.cpu_ms_per_job:.1f} ms",
        f"{cost.submit_ms_per_job:.1f} ms",
        f"{cost.closing_ms_per_job:.1f} ms",
        f"{cost.others_ms_per_job:.1f} ms",
        f"{cost.jobs_per_s:.0f}",
        f"{cost.jobs_per_s_whole:.0f}",
        f"{cost.polls_per_job:.2f}",
        f"{cost.images_stored} of {cost.jobs}",
    )


_STRICT = ("20/s in any second (sliding window)", "rate used", "refused orders", "images stored")


def _strict_row(quota: Quota) -> Row:
    return (
        f"lane at {quota.lane_rate:g}/s",
        f"{quota.rate_used:.1%}",
        str(quota.refused_orders),
        f"{quota.images_stored} of {quota.jobs}",
    )


_COMPARED = (
    "the same order",
    "rate used",
    "orders in",
    "fullest second",
    "refused orders",
    "refused queries",
    "polls a job",
    "charged twice",
    "images kept",
    "time",
)


def _mill_row(quota: Quota) -> Row:
    return (
        f"imagemill, {quota.workers} workers",
        f"{quota.rate_used:.1%}",
        f"{quota.orders} of {quota.jobs}",
        str(quota.most_in_a_second),
        str(quota.refused_orders),
        str(quota.refused_queries),
        f"{quota.polls_per_job:.2f}",
        str(quota.charged_twice),
        str(quota.images_stored),
        f"{quota.seconds:.0f} s",
    )


def _peer_row(peer: Peer) -> Row:
    return (
        peer.name,
        f"{peer.rate_used:.1%}",
        f"{peer.accepted} of {peer.jobs}",
        str(peer.most_in_a_second),
        str(peer.refused_orders),
        str(peer.refused_queries),
        f"{peer.polls_per_job:.2f}",
        str(peer.charged_twice),
        str(peer.images_stored),
        f"{peer.seconds:.0f} s" if peer.in_time else f"ended after {peer.seconds:.0f} s",
    )


def _table(head: Row, rows: Sequence[Row]) -> str:
    """Markdown that can be read on a terminal as well."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [head, rule, *rows]
    )
