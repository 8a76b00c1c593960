"""How a provider's error is read: its code first, its words where the code is vague, its HTTP status
last, because statuses lie (a 429 may be arrears, a 400 may be content, a 403 either).

The rows themselves are data, one file for each vendor beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from schemas.failure import ErrorClass


class Rule(NamedTuple):
    """One row: what a code means; or what it means with such words, or under such a status."""

    code: str
    """The vendor's code; `*` stands for any letters, and alone for every code and for none."""
    meaning: ErrorClass
    message: str = ""
    """A pattern found in the message, whatever its case; empty where the code says it all."""
    statuses: tuple[int, ...] = ()
    """HTTP statuses under which the row holds; empty: under all of them."""
    source: str = ""
    """The vendor document; empty: the one its table names."""

    @property
    def is_pattern(self) -> bool:
        """Whether the code stands for several."""
        return "*" in self.code

    @property
    def is_narrow(self) -> bool:
        """Whether more than the code must fit."""
        return bool(self.message or self.statuses)


STATUSES: Mapping[int, ErrorClass] = {
    401: ErrorClass.ACCOUNT,
    402: ErrorClass.ACCOUNT,
    403: ErrorClass.ACCOUNT,
    404: ErrorClass.MODEL_GONE,
    405: ErrorClass.MODEL_GONE,
    407: ErrorClass.ACCOUNT,
    408: ErrorClass.TRANSIENT,
    409: ErrorClass.TRANSIENT,
    425: ErrorClass.TRANSIENT,
    429: ErrorClass.THROTTLED,
}
"""What a status means when the code is unknown; the others go by their hundreds."""


class ErrorTable:
    """All that is known of one vendor's errors."""

    def __init__(
        self, name: str, source: str, rules: Iterable[Rule], pause_s: float | None = None
    ) -> None:
        """`source` is the vendor document behind the rows that name none; `pause_s` how long the
        vendor refuses whoever asked too often, where that is the same for all codes."""
        self.name = name
        self.pause_s = pause_s
        self.rules = tuple(rule if rule.source else rule._replace(source=source) for rule in rules)
        self._ranked = sorted(((_key(rule.code), rule) for rule in self.rules), key=_rank)

    def find(self, code: str, status: int, message: str) -> Rule | None:
        """The row for a code: exact ones before patterns, of either those with words or statuses
        first, and the longer pattern before the shorter."""
        key = _key(code)
        for pattern, rule in self._ranked:
            if _fits(pattern, rule, key) and _holds(rule, status, message):
                return rule
        return None


def classify(
    table: ErrorTable, status: int, code: str, message: str, *, kind: str = ""
) -> ErrorClass:
    """The class of a provider's error.

    `status` is the HTTP status of the answer; a failed task or picture inside a good answer has
    200, which says nothing. `kind` is the vendor's broader name beside the code (OpenAI: type),
    which counts where the code is unknown.
    """
    for name in (code, kind) if kind else (code,):
        rule = table.find(name, status, message)
        if rule is not None:
            return rule.meaning
    by_status = _by_status(status)
    if by_status is not None:
        return by_status
    family = table.find(_key(code).partition(".")[0], status, message)
    return family.meaning if family is not None else ErrorClass.TRANSIENT


def _rank(entry: tuple[str, Rule]) -> tuple[bool, bool, int]:
    pattern, rule = entry
    return rule.is_pattern, not rule.is_narrow, -len(pattern) if rule.is_pattern else 0


def _key(code: str) -> str:
    """The vendors write InvalidApiKey and invalid_api_key for the same thing."""
    return code.strip().replace("_", "").lower()


def _fits(pattern: str, rule: Rule, key: str) -> bool:
    return fnmatchcase(key, pattern) if rule.is_pattern else key == pattern


def _holds(rule: Rule, status: int, message: str) -> bool:
    if rule.statuses and status not in rule.statuses:
        return False
    return re.search(rule.message, message, re.IGNORECASE) is not None


def _by_status(status: int) -> ErrorClass | None:
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return ErrorClass.TRANSIENT
    if status >= 400:
        return ErrorClass.INVALID
    if status >= 300:
        return ErrorClass.ACCOUNT  # the base URL points to something that is not the provider
    return None
