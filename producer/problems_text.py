"""What is wrong with a manifest, in plain lines for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from producer.tally import Tally


def render_problems(tally: Tally, *, skipped: bool = False) -> str:
    """One line a problem, by line of the manifest, and a sentence that sums up.

    `skipped` says that the good rows go on without the bad ones.
    """
    if not tally.bad:
        return ""
    lines = [str(problem) for problem in sorted(tally.problems, key=lambda found: found.line)]
    return "\n".join([*_bounded(lines, tally.problem_count), _summary(tally, skipped=skipped)])


def render_cautions(tally: Tally) -> str:
    """One line a warning, in order; empty where there is none."""
    lines = [f"warning: {caution}" for caution in tally.cautions]
    return "\n".join(_bounded(lines, tally.caution_count))


def _bounded(lines: Sequence[str], count: int) -> list[str]:
    more = count - len(lines)
    return [*lines, *([f"... and {more:,} more"] if more > 0 else [])]


def _summary(tally: Tally, *, skipped: bool) -> str:
    rows = f"{tally.bad:,} of {tally.rows:,} row{'' if tally.rows == 1 else 's'}"
    what = f"{rows} cannot be ordered"
    if skipped:
        return f"{what} and {'was' if tally.bad == 1 else 'were'} left out."
    if not tally.good:
        return f"{what}; nothing was sent. Correct the manifest and hand it in again."
    return (
        f"{what}; nothing was sent. Correct the manifest, or say --skip-invalid"
        f" to go on with the other {tally.good:,}."
    )
