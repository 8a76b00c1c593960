"""What the model of a lane is made of."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.states import JobState


@dataclass
class ModelJob:
    chunk: str
    state: JobState = JobState.PENDING
    claim: int = 0
    attempts: int = 0
    handouts: int = 0


@dataclass
class ModelChunk:
    size: int
    ended: int = 0
    loaded: bool = False
