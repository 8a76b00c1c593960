"""Which pictures of a finished batch are drawn anew, and with which prompt and seed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from producer.problem import Caution, Problem, shown
from producer.prompts import cautions, overlong
from producer.review import Decision, Mark, Review, Unmatched, refuse
from producer.texts import CJK
from results.cell import cell_text
from results.run_again import fixed_seed
from schemas.catalogue import Catalogue
from schemas.job import Job
from schemas.lane import Lane
from schemas.model import Model
from schemas.result import Image, JobResult
from schemas.states import JobState

_MORE = re.compile(r"(?:\.{3}|…)[.…]*\s*")
"""How a prompt begins that is added to the present one; spreadsheets make one character of three."""
_WIDE_END = re.compile(rf"[{CJK}，。；、]\s*\Z")


class Wish(NamedTuple):
    """What a review asks of one row."""

    marks: tuple[Mark, ...]
    """The lines that ask for it."""
    kept: tuple[Image, ...]
    """Its pictures nobody wants anew."""


class Rerolls:
    """The pictures a review wants drawn anew; what it asked for and got before is left alone.

    A picture is known by its file, whose name says the revision, so that the same review read
    twice orders once.
    """

    def __init__(
        self,
        review: Review,
        models: Catalogue,
        *,
        fresh_seeds: bool = False,
        first_revision: int = 1,
    ) -> None:
        """`first_revision` is that of the batch's rows when they were handed in."""
        self._first_revision = first_revision
        self._review = review
        self._models = models
        self._fresh_seeds = fresh_seeds
        self._unknown = Unmatched(review)
        self._problems: list[Problem] = []
        self.cautions: list[Caution] = []
        """What the user would want to know of the new prompts."""
        self.reworded = 0
        """Rows with a new prompt."""
        self.done_before = 0
        """Lines that ask for what has been drawn anew since."""
        self.rejected = 0
        """Rows that keep none of their pictures, and are not drawn anew now."""

    def see(self, result: JobResult) -> None:
        """Take note of a row of the batch, and of what is wrong with what is asked of it."""
        self._unknown.see(result)
        self.done_before += len(self._outdated(result))
        wish = self._wish(result)
        self.rejected += wish is None and bool(self.unwanted(result))
        if wish is None or not self.takes(result):
            return
        problem = self._prompt_problem(wish, result) or self._seed_problem(wish, result)
        if problem is not None:
            self._problems.append(problem)
        elif self._prompt(wish, result) != result.prompt:
            self.reworded += 1
            self._caution(wish, result)

    def takes(self, result: JobResult) -> bool:
        """Whether this row is run again. An uncertain one may be drawn already: see `retry`."""
        return self._wish(result) is not None and result.state is not JobState.UNCERTAIN

    def passes_over(self, result: JobResult) -> bool:
        """Whether it is asked for, and is not run again."""
        return self._wish(result) is not None and not self.takes(result)

    def kept(self, result: JobResult) -> Sequence[Image]:
        """The pictures nobody wants anew."""
        wish = self._wish(result)
        return result.images if wish is None else wish.kept

    def unwanted(self, result: JobResult) -> Sequence[Image]:
        """Its pictures where no later batch is to have any, and those before them that were refused.

        Not so where the row fixes its seed: it would come out the same, and be paid for again.
        """
        if not result.images or fixed_seed(result.parameters) is not None:
            return ()
        if not all(self._is_unwanted(image, result) for image in result.images):
            return ()
        # What could not be drawn anew is still to be had under the row's order.
        before = [old for old in result.replaced if _is_refusal(self._review.of_image(old))]
        return [*result.images, *before]

    def revised(self, job: Job, result: JobResult) -> Job:
        """The next revision of a row, with the prompt and the seed it is drawn with."""
        wish = self._wish(result)
        if wish is None:
            return job
        parameters = dict(job.parameters)
        seed = fixed_seed(result.parameters)
        if self._fresh_seeds and seed is not None and not wish.kept:
            # As far away as no earlier round was; where pictures are kept, the worker sees to it.
            parameters["seed"] = self._model(result).seed_at(seed, job.n * (job.round - 1))
        return job.model_copy(
            update={
                "revision": job.revision + 1,
                "prompt": self._prompt(wish, result),
                "parameters": parameters,
                "again": job.earlier.model_copy(update={"answers": True}),
            }
        )

    def check(self, batch: str) -> None:  # noqa: ARG002 - every line is named by itself
        """Raises ReviewError naming each line that cannot be done."""
        refuse(self._review.name, [*self._unknown.problems(), *self._problems])

    def _wish(self, result: JobResult) -> Wish | None:
        whole = self._whole_row(result)
        marks: dict[int, Mark] = {}
        for image in result.images:
            mark = self._review.of_image(image) or whole
            if mark is not None and mark.decision is Decision.REROLL:
                marks[image.index] = mark
        if not marks and (whole is None or result.images):
            return None
        asking = dict.fromkeys(marks.values() if marks or whole is None else [whole])
        kept = tuple(image for image in result.images if image.index not in marks)
        return Wish(tuple(asking), kept)

    def _whole_row(self, result: JobResult) -> Mark | None:
        """The line that asks for all a row has, unless that was drawn anew since."""
        mark = self._of_row(result)
        return mark if mark and mark.decision is Decision.REROLL else None

    def _of_row(self, result: JobResult) -> Mark | None:
        """The line about all a row has, unless that was drawn anew since."""
        # What an earlier batch had drawn anew was so when this one began.
        anew = result.revision > self._first_revision and result.reused_from is None
        return None if result.images and anew else self._review.of_row(result)

    def _is_unwanted(self, image: Image, result: JobResult) -> bool:
        return _is_refusal(self._review.of_image(image) or self._of_row(result))

    def _outdated(self, result: JobResult) -> list[Mark]:
        marks = [self._review.of_image(image) for image in result.replaced]
        if self._of_row(result) is None:
            marks.append(self._review.of_row(result))
        return [mark for mark in marks if mark and mark.decision is Decision.REROLL]

    def _prompt(self, wish: Wish, result: JobResult) -> str:
        return new_prompt(next(iter(_said(wish, result)), ""), result.prompt)

    def _prompt_problem(self, wish: Wish, result: JobResult) -> Problem | None:
        said = list(_said(wish, result).values())
        if not said:
            return None
        first, *others = said
        if others:
            reason = f"is another than in line {first.line}; a row's pictures are drawn with one"
            return Problem(others[0].line, "prompt", shown(others[0].prompt), reason)
        model = self._model(result)
        if model.prompt == "none":
            reason = f"{model.name} takes no prompt; empty the cell"
            return Problem(first.line, "prompt", None, reason)
        long = overlong(self._prompt(wish, result), model, model.prompt_limit)
        return None if long is None else Problem(first.line, "prompt", None, long)

    def _seed_problem(self, wish: Wish, result: JobResult) -> Problem | None:
        """A row that fixes its seed and changes nothing would be paid for the same picture."""
        seed = fixed_seed(result.parameters)
        if self._fresh_seeds or seed is None or wish.kept or not result.images:
            return None
        if self._prompt(wish, result) != result.prompt:
            return None
        reason = (
            f"fixes the seed {seed}, and with the same prompt would come out the same;"
            " give it a prompt, or say --fresh-seeds"
        )
        return Problem(wish.marks[0].line, "id", shown(result.id), reason)

    def _caution(self, wish: Wish, result: JobResult) -> None:
        job = Job(
            id=result.id,
            line=wish.marks[0].line,
            lane=result.lane,
            prompt=self._prompt(wish, result),
            name=result.id,
        )
        self.cautions += cautions(job, {}, self._model(result))

    def _model(self, result: JobResult) -> Model:
        lane = Lane.parse(result.lane)
        return self._models.find(lane.model, lane.provider)


def new_prompt(said: str, present: str) -> str:
    """The prompt a review asks for. What begins with three dots is added to the present one."""
    dots = _MORE.match(said)
    if dots is None:
        return said or present
    addition, kept = said[dots.end() :].strip(), present.rstrip(" \n,，.。;；、")
    if not addition or not kept:
        return addition or present
    return f"{kept}{'，' if _WIDE_END.search(kept) else ', '}{addition}"


def _is_refusal(mark: Mark | None) -> bool:
    return mark is not None and mark.decision is not Decision.APPROVE


def _said(wish: Wish, result: JobResult) -> dict[str, Mark]:
    """The prompts asked for that are not the row's own, each with the line that has it first."""
    own = {result.prompt}
    said: dict[str, Mark] = {}
    for mark in wish.marks:
        # A template, or an earlier reroll, made another prompt of what the manifest says.
        cells = {cell_text(value).strip() for value in result.row.values() if mark.beside_row}
        if mark.prompt and mark.prompt not in own | cells:
            said.setdefault(mark.prompt, mark)
    return said
