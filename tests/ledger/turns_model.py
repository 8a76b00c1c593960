"""What the scripts should do about turns, in plain Python: who is next, and whose chunk is loaded."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass, field

from ledger.turns import SEATS, WEIGHTS, stride
from schemas.batch import Priority

LOW = 16
"""Ready jobs of a batch below which a chunk is asked for, at the slow rates the tests use."""


@dataclass
class TurnsModel:
    held: Collection[str]
    present: int = 0
    own: dict[str, int] = field(default_factory=dict)
    strides: dict[str, int] = field(default_factory=dict)
    ready: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    waiting: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    turns: dict[str, int] = field(default_factory=dict)
    backlog: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    loading: dict[str, int] = field(default_factory=dict)

    def hand_in(self, batch: str, priority: Priority, chunks: list[str]) -> None:
        self.strides.setdefault(batch, stride(priority))
        self.waiting[batch].extend(chunks)
        self.join(batch)

    def join(self, batch: str) -> None:
        """A batch that has something ready or waiting, and is not held, has its place."""
        if batch in self.held:
            return
        begins = max(self.own.get(batch, 0), self.present)
        if self.ready[batch]:
            self.turns.setdefault(batch, begins)
        if self.waiting[batch]:
            self.backlog[self.strides[batch]].setdefault(batch, begins)

    def leave(self, batch: str) -> None:
        self.turns.pop(batch, None)
        for backlog in self.backlog.values():
            backlog.pop(batch, None)

    def take_out(self, batch: str, ref: str) -> None:
        if ref in self.ready[batch]:
            self.ready[batch].remove(ref)
        if not self.ready[batch]:
            self.turns.pop(batch, None)

    def next_job(self) -> str | None:
        if not self.turns:
            return None
        batch = min(self.turns, key=lambda name: (self.turns[name], name))
        self.present = self.turns[batch]
        self.own[batch] = self.turns[batch] = self.present + self.strides[batch]
        ref = self.ready[batch].popleft()
        self.take_out(batch, ref)
        return ref

    def prioritize(self, batch: str, priority: Priority) -> None:
        before, after = self.strides.get(batch), stride(priority)
        if before == after:
            return
        self.strides[batch] = after
        self.own[batch] = self.present
        if batch in self.turns:
            self.turns[batch] = self.present
        if before and self.backlog[before].pop(batch, None) is not None:
            self.backlog[after][batch] = self.present

    def chunks_asked_for(self) -> list[str]:
        found = []
        for step in map(stride, WEIGHTS):
            batch = None if step in self.loading.values() else self._runs_out(step)
            if batch is not None and self._seated(step) < SEATS:
                chunk = self.waiting[batch].popleft()
                self.loading[chunk] = step
                found.append(chunk)
                if not self.waiting[batch]:
                    del self.backlog[step][batch]
        return found

    def _runs_out(self, step: int) -> str | None:
        backlog = self.backlog[step]
        while backlog:
            batch = min(backlog, key=lambda name: (backlog[name], name))
            turn = self.turns.get(batch, self.own.get(batch, 0))
            lasts = turn + len(self.ready[batch]) * step
            if lasts <= backlog[batch]:
                return batch if len(self.ready[batch]) < LOW else None
            backlog[batch] = lasts
        return None

    def _seated(self, step: int) -> int:
        alike = [name for name in self.turns if self.strides[name] == step]
        return sum(len(self.ready[name]) >= LOW for name in alike)
