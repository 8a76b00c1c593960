"""A target, and whether a figure meets it: decided without measuring anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bench.results import Figures, Taken

Row = tuple[str, ...]
_FIGURE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Aim:
    """What is promised of one figure."""

    measurement: str
    what: str
    """In words; `{rows:,}` stands for a figure of the measurement."""
    figure: Callable[[Figures], float | None]
    """None: this run did not measure it."""
    shown: str
    """How a figure is written, e.g. `{:.1f} ms`."""
    at_least: float | None = None
    at_most: float | None = None
    why: str = ""
    """The reason where it is known to be missed."""

    @property
    def target(self) -> str:
        """In words."""
        if self.at_least is not None:
            return f">= {self.shown.format(self.at_least)}"
        return "0" if self.at_most == 0 else f"<= {self.shown.format(self.at_most)}"


def judged(aim: Aim, taken: Taken | None) -> Row:
    """What, figure, target, and whether it is met: a row of the table."""
    if taken is None or taken.failed:
        said = "not measured" if taken is None else "**no figure**: it failed"
        return _FIGURE.sub("...", aim.what), "", aim.target, said
    what, found = aim.what.format(**taken.figures), aim.figure(taken.figures)
    if found is None:
        return what, "", aim.target, "not measured"
    verdict = _verdict(aim, found) + (" (quick run)" if taken.quick else "")
    return what, aim.shown.format(found), aim.target, verdict


def _verdict(aim: Aim, found: float) -> str:
    missed = missed_by(aim, found)
    if not missed:
        return "yes"
    return f"**no**, {missed}: {aim.why}" if aim.why else f"**no**, {missed}"


def missed_by(aim: Aim, found: float) -> str:
    """By how much, in words; empty where the target is met."""
    if aim.at_least is not None and found < aim.at_least:
        return f"{1 - found / aim.at_least:.1%} short"
    if aim.at_most is not None and found > aim.at_most:
        over = found - aim.at_most
        return f"{over / aim.at_most:.1%} over" if aim.at_most else f"{over:g} too many"
    return ""
