"""What is wrong with a manifest, in plain lines for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from producer.problem import printable
from producer.tally import Tally
from schemas.fields import canonical_name

_MAY_BE_OTHERS = {
    "n": "the number of pictures",
    "size": "the size of the pictures",
    "style": "the style of the pictures",
}
"""Fields whose names a product table also has for a stock, a size of clothes, a fashion."""


def render_problems(tally: Tally, *, skipped: bool = False) -> str:
    """One line a problem, by line of the manifest, and a sentence that sums up.

    `skipped` says that the good rows go on without the bad ones.
    """
    if not tally.bad:
        return ""
    lines = [str(problem) for problem in sorted(tally.problems, key=lambda found: found.line)]
    told = [*_bounded(lines, tally.problem_count), *_hints(tally)]
    return "\n".join([*told, _summary(tally, skipped=skipped)])


def render_cautions(tally: Tally) -> str:
    """One line a warning, in order; empty where there is none."""
    lines = [f"warning: {caution}" for caution in tally.cautions]
    return "\n".join(_bounded(lines, tally.caution_count))


def _bounded(lines: Sequence[str], count: int) -> list[str]:
    more = count - len(lines)
    return [*lines, *([f"... and {more:,} more"] if more > 0 else [])]


def _hints(tally: Tally) -> list[str]:
    """What to say of columns that are wrong in nearly every row: they may be something else."""
    if tally.lines < 2:
        return []
    named = {column: canonical_name(column) for column in sorted(tally.wrong_in)}
    return [
        f"Column {printable(column)} is wrong in {tally.wrong_in[column]:,} of {tally.lines:,} rows:"
        f" if it is not {_MAY_BE_OTHERS[name]}, say --map {name}="
        for column, name in named.items()
        if name in _MAY_BE_OTHERS and tally.wrong_in[column] * 10 >= tally.lines * 9
    ]


def _summary(tally: Tally, *, skipped: bool) -> str:
    rows = f"{tally.bad:,} of {tally.rows:,} {tally.unit}{'' if tally.rows == 1 else 's'}"
    what = f"{rows} cannot be ordered"
    if skipped:
        return f"{what} and {'was' if tally.bad == 1 else 'were'} left out."
    if not tally.good:
        return f"{what}; nothing was sent. Correct the manifest and hand it in again."
    return (
        f"{what}; nothing was sent. Correct the manifest, or say --skip-invalid"
        f" to go on with the other {tally.good:,}."
    )
