"""docs/errors.md: the error tables for people. `python -m worker.policy.errors_page` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from schemas.failure import ErrorClass
from worker.policy.classification import TABLES, ErrorTable, Rule
from worker.policy.error_table import STATUSES
from worker.policy.retrying import ATTEMPTS, DEFAULT_ATTEMPTS, DEFAULT_PAUSE_S, PAUSES_S

_HEAD = f"""\
# What errors mean

<!-- Made by `python -m worker.policy.errors_page > docs/errors.md`; a test compares. -->

Every error of every provider becomes one of a few classes, and the class decides what happens. The body's code counts
first, its words where the code is vague, the HTTP status last, because statuses lie: a 429 may be arrears, a 400 may
be content, a 403 either.

| class | what it means | what happens |
|---|---|---|
| `invalid` | the provider refuses this row and always will | the row fails |
| `moderated` | its content rules refuse prompt or picture | the row fails; where the provider had rewritten the prompt, it is ordered once more as it was |
| `throttled` | too many requests | the lane pauses and slows down; no attempt is spent |
| `transient` | provider or network stumbled | ordered again, up to {DEFAULT_ATTEMPTS} times in all, ever later |
| `account` | key, arrears, quota | the lane stops and says why; rows go back unspent |
| `model_gone` | the model, or the path to it, is unknown | the lane stops and says why; rows go back unspent |

A code that no table knows goes by its HTTP status, then by the letters before its first dot, and else counts as
`transient`. `*` stands for any letters. Letter case and underscores do not count.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_statuses(), *(line for table in TABLES for line in _table(table))])


def _statuses() -> Iterator[str]:
    yield "| HTTP status, of an unknown code | class |"
    yield "|---|---|"
    for status, meaning in STATUSES.items():
        yield f"| {status} | `{meaning}` |"
    yield f"| 3xx | `{ErrorClass.ACCOUNT}`: the base URL is not the provider's |"
    yield f"| other 4xx | `{ErrorClass.INVALID}` |"
    yield f"| 5xx | `{ErrorClass.TRANSIENT}` |"
    yield ""


def _table(table: ErrorTable) -> Iterator[str]:
    yield f"## {table.name}"
    yield ""
    yield "| code | only where | class | limits | source |"
    yield "|---|---|---|---|---|"
    for rule in table.rules:
        limits = _limits(rule, table)
        cells = (f"`{rule.code}`", _where(rule), f"`{rule.meaning}`", limits, rule.source)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _where(rule: Rule) -> str:
    words = rule.message.replace("|", "\\|")
    said = [f"it says `{words}`"] if words else []
    if rule.statuses:
        said.append(f"HTTP {', '.join(map(str, rule.statuses))}")
    return "; ".join(said)


def _limits(rule: Rule, table: ErrorTable) -> str:
    if rule.meaning is ErrorClass.TRANSIENT and rule.code in ATTEMPTS:
        return f"{ATTEMPTS[rule.code]} attempts in all"
    if rule.meaning is ErrorClass.THROTTLED:
        pause_s = table.pause_s or PAUSES_S.get(rule.code, DEFAULT_PAUSE_S)
        return f"pause {pause_s:.0f} s, unless it says how long"
    return ""


if __name__ == "__main__":
    sys.stdout.write(page())
