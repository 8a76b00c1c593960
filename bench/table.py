"""Writes what was measured: a pure function of results.json, and the block in bench/README.md."""

from __future__ import annotations

import re
from pathlib import Path

from bench.aims import judged
from bench.details import DETAILS
from bench.grid import grid
from bench.promises import PROMISES
from bench.results import Results

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
README = FOLDER / "README.md"
_BLOCK = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- /table -->)", re.DOTALL)


def markdown(results: Results) -> str:
    """The machine, the targets, and then whatever else each measurement found."""
    parts = [
        grid(("measured on", ""), list(results.machine.items())),
        grid(
            ("what", "figure", "target", "met"),
            [judged(aim, results.taken.get(aim.measurement)) for aim in PROMISES],
        ),
    ]
    for name, tables in DETAILS.items():
        figures = results.figures(name)
        parts += tables(figures) if figures else []
    heads = ("measurement", "taken", "load before", "a fixed loop, before and after", "took")
    parts.append(grid(heads, _when(results)))
    return "\n\n".join(parts) + "\n"


def write(results: Results) -> None:
    """Put it between the marks of README.md. Raises ValueError where they are gone."""
    page = README.read_text(encoding="utf-8")
    if not _BLOCK.search(page):
        raise ValueError("bench/README.md has lost the marks around its table")
    README.write_text(_BLOCK.sub(lambda _: f"\n{markdown(results)}\n", page), encoding="utf-8")


def _when(results: Results) -> list[tuple[str, ...]]:
    return [
        (
            name,
            f"{taken.date}{', quick' if taken.quick else ''}",
            taken.load_before,
            ", ".join(f"{each_ms:.0f} ms" for each_ms in taken.loop_ms or ()),
            f"{taken.took_s:.0f} s" if not taken.failed else f"**{taken.failed[:200]}**",
        )
        for name, taken in results.taken.items()
    ]
