"""The plots, from figures alone."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from bench import plots
from bench.results import Figures, Results, Taken


def _results(**figures: Figures) -> Results:
    return Results({}, {n: Taken("now", "0", 1.0, False, found) for n, found in figures.items()})


def test_every_plot_is_a_picture_that_has_something_on_it(tmp_path: Path) -> None:
    found = _results(
        workers={"runs": [{"workers": n, "jobs": 9, "jobs_per_s": 40.0 * n} for n in (1, 2, 4)]},
        rows={
            "runs": [
                {"rows": 10**n, "peak_rss_mb": 60.0 + n, "server_mb": 0.3 * n} for n in range(3, 7)
            ]
        },
        rates={"runs": [{"rate": rate, "rate_used": 0.99} for rate in (2, 20, 100)]},
    )
    drawn = plots.draw(found, tmp_path)
    assert {path.name for path in drawn} == {plots.WORKERS, plots.ROWS, plots.RATES}
    for path in drawn:
        with Image.open(path) as picture:
            assert picture.size == tuple(round(side * plots.DPI) for side in plots.SIZE_IN)
            colours = picture.convert("RGB").getcolors(maxcolors=2**24)
        assert colours is not None
        assert len(colours) > 10


def test_the_same_figures_are_the_same_bytes(tmp_path: Path) -> None:
    found = _results(rates={"runs": [{"rate": 2, "rate_used": 0.99}]})
    (path,) = plots.draw(found, tmp_path)
    before = path.read_bytes()
    plots.draw(found, tmp_path)
    assert path.read_bytes() == before


def test_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    assert plots.draw(_results(), tmp_path) == []
