"""What a process has learned of its own and of the network's delays."""

from __future__ import annotations

from collections import defaultdict, deque

from worker.policy.pacing import Heard, ahead_s, delay_s, lead_s

REMEMBERED = 40
"""Orders; what they tell is of the last seconds, not of another hour's load."""


class Lateness:
    """The last orders of this process; appending and copying a deque needs no lock."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=REMEMBERED)
        self._overheads_s: deque[float] = deque(maxlen=REMEMBERED)
        self._answers_s: defaultdict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=REMEMBERED)
        )

    def heard(self, server_s: float, asked_s: float, answered_s: float) -> None:
        """The ledger's server told its time between two moments of our own clock."""
        self._heard.append(Heard(server_s, asked_s, answered_s))

    def here_s(self, server_s: float) -> float:
        """A moment of the ledger's clock on our own."""
        return server_s - ahead_s(self._heard.copy())

    def there_s(self, own_s: float) -> float:
        """A moment of our own clock on the ledger's."""
        return own_s + ahead_s(self._heard.copy())

    def lead_s(self) -> float:
        """How long before its slot an order gets up."""
        return lead_s(self._overheads_s.copy())

    def ready(self, overhead_s: float) -> None:
        """An order had everything but its request so long after it got up."""
        self._overheads_s.append(overhead_s)

    def answered(self, lane: str, answer_s: float) -> float:
        """An order was answered after so long; by how much it may have come later than usual."""
        answers_s = self._answers_s[lane]
        found_s = delay_s(answer_s, answers_s.copy())
        answers_s.append(answer_s)
        return found_s
