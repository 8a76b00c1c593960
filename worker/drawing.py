"""What the provider drew: put in the row's own order, and stored at once where it is nowhere else."""

from __future__ import annotations

from dataclasses import replace

from worker.held import HeldJob
from worker.outcomes import Drawn, Outcome, StoreLater
from worker.providers.port import Done, Picture, RemotePicture
from worker.storing import store_pictures
from worker.tools import Tools


def placed(held: HeldJob, done: Done) -> Drawn:
    """The provider counts what was ordered just now; the row counts all its pictures."""

    def place(index: int) -> int:
        missing = held.missing
        surplus = index - len(missing)
        return missing[index - 1] if surplus <= 0 else held.job.n + surplus

    pictures: tuple[Picture, ...] = tuple(
        replace(picture, index=place(picture.index)) for picture in done.pictures
    )
    failures = tuple(
        failure
        if failure.index is None
        else failure.model_copy(update={"index": place(failure.index)})
        for failure in done.failures
    )
    return Drawn(pictures, failures, done.actual_prompt, done.facts, done.charged, done.took_s)


def store_at_once(held: HeldJob, drawn: Drawn, tools: Tools) -> Outcome:
    """A synchronous provider's pictures: addresses are written down first, bytes are stored now.

    Bytes are nowhere but in this process, so it tries until it has stored them or must end.
    """
    if all(isinstance(picture, RemotePicture) for picture in drawn.pictures):
        return drawn
    outcome = store_pictures(held, drawn, tools)
    while isinstance(outcome, StoreLater):
        tools.clock.sleep(outcome.delay_s)
        outcome = store_pictures(held, drawn, tools, last_try=tools.clock.interrupted)
    return outcome
