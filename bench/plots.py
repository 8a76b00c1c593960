"""Draws what grows with what, from results.json: python -m bench.plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench import results, table
from bench.results import Figures, Results

WORKERS, ROWS, RATES = "throughput-by-workers.png", "memory-by-rows.png", "use-by-rate.png"
INK, LINE, TARGET = "#33373d", "#1f6fb2", "#b5541c"
SIZE_IN = (6.4, 3.4)
DPI = 110


def draw(found: Results, folder: Path) -> list[Path]:
    """Write a PNG for each measurement that is there; returns their paths."""
    drawn = []
    for name, (file, drawing) in _PLOTS.items():
        figures = found.figures(name)
        if figures:
            drawing(figures).savefig(folder / file, metadata={"Software": None})
            drawn.append(folder / file)
    return drawn


def _workers(found: Figures) -> Figure:
    figure, (axes,) = _paper("Jobs a second by worker processes", 1)
    counts = [run["workers"] for run in found["runs"]]
    _line(axes, counts, [run["jobs_per_s"] for run in found["runs"]], "{:.0f}")
    axes.set_xlabel(f"worker processes (provider answers at once, {found['runs'][0]['jobs']} jobs)")
    axes.set_xticks(counts)
    axes.set_ylabel("jobs/s")
    axes.set_ylim(bottom=0)
    return figure


def _rows(found: Figures) -> Figure:
    figure, (submit, server) = _paper("Memory by rows handed in", 2)
    counts = [run["rows"] for run in found["runs"]]
    _line(submit, counts, [run["peak_rss_mb"] for run in found["runs"]], "{:.0f}")
    _line(server, counts, [run["server_mb"] for run in found["runs"]], "{:.2f}")
    _target(submit, 200, "target: 200 MB")
    _target(server, 30, "target: 30 MB")
    submit.set_ylabel("submit, resident, MB")
    server.set_ylabel("Redis above empty, MB")
    for axes in (submit, server):
        axes.set_xscale("log")
        axes.set_xlabel("rows")
        axes.set_ylim(bottom=0)
    return figure


def _rates(found: Figures) -> Figure:
    figure, (axes,) = _paper("Share of the allowed rate used", 1)
    rates = [run["rate"] for run in found["runs"]]
    _line(axes, rates, [100 * run["rate_used"] for run in found["runs"]], "{:.1f}")
    _target(axes, 99, "target: 99 %")
    axes.set_xscale("log")
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()
    axes.set_xlabel("orders a second the provider admits (two workers, two cores)")
    axes.set_ylabel("used, %")
    axes.set_ylim(0, 115)
    return figure


def _paper(title: str, columns: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    figure.suptitle(title, color=INK, fontsize=11)
    all_axes = figure.subplots(1, columns, squeeze=False)[0]
    for axes in all_axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK, labelsize=8)
        axes.xaxis.label.set(color=INK, size=9)
        axes.yaxis.label.set(color=INK, size=9)
        axes.grid(axis="y", color="#e3e5e8", linewidth=0.7)
        axes.margins(x=0.08)
    return figure, list(all_axes)


def _line(axes: Axes, across: Sequence[float], up: Sequence[float], label: str) -> None:
    axes.plot(across, up, color=LINE, marker="o", markersize=5, linewidth=1.6)
    for x, y in zip(across, up, strict=True):
        axes.annotate(
            label.format(y),
            (x, y),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=INK,
        )


def _target(axes: Axes, height: float, words: str) -> None:
    axes.axhline(height, color=TARGET, linewidth=1.0, linestyle="--")
    axes.annotate(
        words,
        (0.01, height),
        xycoords=("axes fraction", "data"),
        xytext=(0, -10),
        textcoords="offset points",
        ha="left",
        fontsize=8,
        color=TARGET,
    )


_PLOTS: dict[str, tuple[str, Callable[[Figures], Figure]]] = {
    "workers": (WORKERS, _workers),
    "rows": (ROWS, _rows),
    "rates": (RATES, _rates),
}
"""By the measurement's name."""


def main() -> None:
    """Draw what bench/results.json has."""
    found = results.read(table.RESULTS)
    for path in draw(found, table.FOLDER) if found is not None else []:
        print(path.name)


if __name__ == "__main__":
    main()
