"""Which of a finished batch's rows are to be run again."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from producer.errors import OptionError
from producer.problem import shown
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.parameter import nearest
from schemas.result import Image, JobResult
from schemas.states import JobState

USUAL_STATES = frozenset({JobState.FAILED, JobState.PARTIAL})
"""What is run again where nobody says otherwise: never an order that may have been paid for."""
_NEAR_KEPT = 20_000
"""Ids remembered to name one near an unknown one: enough for a hint, however large the batch."""
_NAMED = 5
"""Ids a sentence names."""


class Selection(Protocol):
    """Which rows run again, and as what. It is shown every row of the batch, each once."""

    def see(self, result: JobResult) -> None:
        """Take note of a row of the batch."""

    def takes(self, result: JobResult) -> bool:
        """Whether this row is to be run again."""

    def passes_over(self, result: JobResult) -> bool:
        """Whether this row was named and is not run again."""

    def kept(self, result: JobResult) -> Sequence[Image]:
        """The pictures it keeps; those it lacks then are ordered."""

    def unwanted(self, result: JobResult) -> Sequence[Image]:
        """Where nobody wants any of the row's pictures, these: no later batch gets them."""

    def revised(self, job: Job, result: JobResult) -> Job:
        """The job, which is run once more, as it is ordered this time."""

    def check(self, batch: str) -> None:
        """Raises ProducerError where not everything that was named could be meant."""


@dataclass
class Choice:
    """What the command line says of the rows to run again."""

    states: frozenset[JobState] = USUAL_STATES
    classes: frozenset[ErrorClass] = frozenset()
    """Only rows that failed in one of these ways; empty: in any."""
    ids: frozenset[str] | None = None
    """Only these rows; None: all."""
    _asked: AskedIds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._asked = AskedIds(self.ids)

    def see(self, result: JobResult) -> None:
        """Take note of a row of the batch."""
        self._asked.see(result.id)

    def takes(self, result: JobResult) -> bool:
        """Whether this row is to be run again."""
        if result.state not in self.states or not self._names(result):
            return False
        return not self.classes or any(f.error_class in self.classes for f in result.failures)

    def passes_over(self, result: JobResult) -> bool:
        """Whether this row was named and is not run again."""
        return self.ids is not None and self._names(result) and not self.takes(result)

    def kept(self, result: JobResult) -> Sequence[Image]:
        """All it has."""
        return result.images

    def unwanted(self, result: JobResult) -> Sequence[Image]:  # noqa: ARG002 - see Selection
        """Of pictures nothing was said."""
        return ()

    def revised(self, job: Job, result: JobResult) -> Job:  # noqa: ARG002 - see Selection
        """The job as it was."""
        return job

    def check(self, batch: str) -> None:
        """Raises OptionError for ids the batch does not have."""
        self._asked.check(batch)

    def _names(self, result: JobResult) -> bool:
        return self.ids is None or result.id in self.ids


def error_classes(text: str) -> frozenset[ErrorClass]:
    """Read `moderated,timeout`. Raises OptionError naming the nearest class."""
    found = set()
    known = [str(error_class) for error_class in ErrorClass]
    for word in filter(None, (part.strip().lower() for part in text.split(","))):
        if word not in known:
            hint = nearest(word, known) or f"; there are: {', '.join(known)}"
            raise OptionError(f"--class {shown(word)}: no row fails like that{hint}")
        found.add(ErrorClass(word))
    if not found:
        raise OptionError(f"--class needs at least one of: {', '.join(known)}")
    return frozenset(found)


def named_ids(text: str) -> frozenset[str]:
    """Read `A-1,A-2`, or `@file` with an id a line. Raises OptionError."""
    if not text.startswith("@"):
        parts = text.split(",")
    else:
        try:
            parts = Path(text[1:]).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise OptionError(f"--ids {shown(text)}: the file cannot be read: {error}") from error
    ids = frozenset(unicodedata.normalize("NFC", part.strip()) for part in parts) - {""}
    if not ids:
        raise OptionError(f"--ids {shown(text)} names no row; write --ids A-1,A-2 or --ids @file")
    return ids


class AskedIds:
    """Which of the ids somebody named are in the batch."""

    def __init__(self, ids: Collection[str] | None) -> None:
        self._missing = set(ids or ())
        self._near: list[str] = []

    def see(self, identity: str) -> None:
        """Take note of a row of the batch."""
        self._missing.discard(identity)
        if self._missing and len(self._near) < _NEAR_KEPT:
            self._near.append(identity)

    def check(self, batch: str) -> None:
        """Raises OptionError for ids the batch does not have, with those most like them."""
        if not self._missing:
            return
        named = []
        for identity in sorted(self._missing)[:_NAMED]:
            near = difflib.get_close_matches(identity, self._near, 1)
            named.append(shown(identity) + (f" (did you mean {shown(near[0])}?)" if near else ""))
        more = len(self._missing) - len(named)
        rest = f" and {more:,} more" if more else ""
        raise OptionError(f"--ids: {batch} has no row {', '.join(named)}{rest}")
