"""A review: what somebody who looked at a batch's pictures decided, as review.csv says it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from producer.errors import ManifestError
from producer.manifest import Manifest, open_manifest
from producer.problem import Problem, shown
from producer.row import Broken, Row
from results.cell import cell_text, unguarded
from results.own_columns import ORDERED_AS, OWN_PREFIX
from schemas.fields import ALIASES, SPARE, normal_name
from schemas.parameter import nearest
from schemas.result import Image, JobResult


class ReviewError(ManifestError):
    """A review cannot be understood, or is not of this batch."""


class Decision(StrEnum):
    """What becomes of a picture."""

    APPROVE = "approve"
    REJECT = "reject"
    REROLL = "reroll"


_WORDS = {
    "approve": Decision.APPROVE, "approved": Decision.APPROVE, "通过": Decision.APPROVE,
    "reject": Decision.REJECT, "rejected": Decision.REJECT, "不通过": Decision.REJECT,
    "reroll": Decision.REROLL, "redo": Decision.REROLL, "重做": Decision.REROLL,
}  # fmt: skip
_COLUMNS = {
    # In results.csv a row's own id may be that of several orders.
    "id": (f"{OWN_PREFIX}{ORDERED_AS}", ORDERED_AS, *ALIASES["id"], *SPARE["id"]),
    # A manifest may have an `image` of its own beside the `images` of results.csv.
    "image": (f"{OWN_PREFIX}images", "images", "image", "picture", "file", "图片"),
    "decision": ("decision", "决定", "审核"),
    "note": ("note", "notes", "备注"),
    "prompt": ("prompt", "提示词", "文案"),
}
_SEVERAL = " | "
"""What parts pictures in a cell of results.csv."""
_NAMED = 20
"""Problems a message lists."""
_NEAR_KEPT = 20_000
"""Names remembered to offer one near an unknown one."""


class Mark(NamedTuple):
    """One decision."""

    line: int
    id: str
    image: str
    """The picture's file name; empty: whatever the row has, or that it has none."""
    decision: Decision
    note: str
    prompt: str
    """What the row is drawn anew with; empty: with what it has."""
    beside_row: bool = False
    """Whether this stood in results.csv, where the manifest's own cells stand too."""


class Review:
    """Decisions by picture and by row."""

    def __init__(self, name: str, marks: Iterable[Mark]) -> None:
        self.name = name
        self.marks = tuple(marks)
        self._images = {mark.image: mark for mark in self.marks if mark.image}
        self._rows = {mark.id: mark for mark in self.marks if not mark.image}

    def of_image(self, image: Image) -> Mark | None:
        """What a line says of this very picture."""
        return self._images.get(file_name(image.key))

    def of_row(self, result: JobResult) -> Mark | None:
        """What a line that names no picture says of the row."""
        return self._rows.get(result.id)

    def approved(self, results: Iterable[JobResult]) -> Iterator[JobResult]:
        """Of all results those with approved pictures, and of these only the approved ones.

        A picture that a reroll took the place of counts where it was approved and its successor
        was not. Raises ReviewError, at the end, for lines that are not of this batch.
        """
        unknown = Unmatched(self)
        for result in results:
            unknown.see(result)
            chosen = {
                image.index: image
                for image in (*result.replaced, *result.images)
                if self._approves(image, result)
            }
            if chosen:
                images = [chosen[index] for index in sorted(chosen)]
                others = [image.index for image in result.images if image.index not in chosen]
                yield result.model_copy(update={"images": images, "unapproved": others})
        unknown.check()

    def _approves(self, image: Image, result: JobResult) -> bool:
        mark = self.of_image(image)
        if mark is None and image in result.images:
            mark = self.of_row(result)
        return mark is not None and mark.decision is Decision.APPROVE


class Unmatched:
    """The lines of a review that no row of the batch answers to."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._images = {mark.image for mark in review.marks if mark.image}
        self._rows = {mark.id for mark in review.marks if not mark.image}
        self._near: list[str] = []

    def see(self, result: JobResult) -> None:
        """Take note of a row of the batch."""
        self._rows.discard(result.id)
        for image in (*result.images, *result.replaced):
            name = file_name(image.key)
            self._images.discard(name)
            if self._images and len(self._near) < _NEAR_KEPT:
                self._near.append(name)

    def problems(self) -> Iterator[Problem]:
        """What is wrong with each of these lines."""
        for mark in self._review.marks:
            if mark.image in self._images:
                near = difflib.get_close_matches(mark.image, self._near, 1)
                hint = f" (did you mean {shown(near[0])}?)" if near else ""
                reason = f"is no picture of this batch{hint}"
                yield Problem(mark.line, "image", shown(mark.image), reason)
            elif not mark.image and mark.id in self._rows:
                yield Problem(mark.line, "id", shown(mark.id), "is no row of this batch")

    def check(self) -> None:
        """Raises ReviewError naming them."""
        refuse(self._review.name, list(self.problems()))


def read_review(path: str) -> Review:
    """Read a table of decisions; a line that decides nothing is passed over.

    Raises ManifestError, ReviewError naming every line that cannot be understood.
    """
    problems: list[Problem] = []
    marks: dict[tuple[str, str], Mark] = {}
    with open_manifest(path) as table:
        columns = _columns(table)
        beside_row = _is_results(table)
        for row in table.rows():
            for mark in _marks(row, columns, problems):
                # A picture is known by its file, whatever a spreadsheet made of the row's id.
                place = mark.image, "" if mark.image else mark.id
                known = marks.setdefault(place, mark._replace(beside_row=beside_row))
                if (known.decision, known.prompt) != (mark.decision, mark.prompt):
                    reason = f"was decided otherwise in line {known.line}"
                    named = mark.image or mark.id
                    problems.append(Problem(mark.line, "decision", shown(named), reason))
        refuse(table.name, problems)
        return Review(table.name, marks.values())


def file_name(place: str) -> str:
    """A picture's file name, whether one has its key, its path or an address of it."""
    return unicodedata.normalize("NFC", re.split(r"[/\\]", place.split("?", 1)[0])[-1].strip())


def refuse(name: str, problems: list[Problem]) -> None:
    """Raises ReviewError where there are any."""
    if not problems:
        return
    listed = [str(problem) for problem in sorted(problems, key=lambda one: one.line)[:_NAMED]]
    more = len(problems) - len(listed)
    rest = [f"... and {more:,} more"] if more else []
    raise ReviewError("\n".join([f"{name} cannot be used as it is:", *listed, *rest]))


def _columns(table: Manifest) -> Mapping[str, str]:
    """What means what -> the column that holds it."""
    names = {normal_name(column): column for column in reversed(table.columns)}
    found = {
        meaning: names[alias]
        for meaning, aliases in _COLUMNS.items()
        for alias in reversed(aliases)
        if alias in names
    }
    if "decision" not in found or not {"id", "image"} & found.keys():
        raise ReviewError(
            f"{table.name} is no review: it needs the columns image (or id) and decision."
            " The contact sheet, index.html, exports one."
        )
    return found


def _is_results(table: Manifest) -> bool:
    """Whether it is a results.csv, to which somebody added decisions."""
    names = {normal_name(column).removeprefix(OWN_PREFIX) for column in table.columns}
    return {"status", "images"} <= names


def _marks(
    row: Row | Broken, columns: Mapping[str, str], problems: list[Problem]
) -> Iterator[Mark]:
    """What a line decides: of several pictures where it names several."""
    if isinstance(row, Broken):
        problems.append(row.problem)
        return
    said = {
        meaning: unguarded(cell_text(row.cells.get(column))).strip()
        for meaning, column in columns.items()
    }
    word = said["decision"]
    if not word:
        return
    decision = _WORDS.get(word.casefold())
    if decision is None:
        hint = nearest(word.casefold(), list(Decision)) or ""
        reason = f"must be approve, reject or reroll{hint}"
        problems.append(row.problem(columns["decision"], word, reason))
        return
    identity = unicodedata.normalize("NFC", said.get("id", ""))
    images = [file_name(part) for part in said.get("image", "").split(_SEVERAL)]
    if not identity and not any(images):
        reason = "names no picture and no row"
        problems.append(row.problem(columns.get("image"), None, reason))
        return
    for image in images:
        yield Mark(
            row.line, identity, image, decision, said.get("note", ""), said.get("prompt", "")
        )
