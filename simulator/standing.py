"""How accounts stand that pay in credits: what they spent, and whether they are shut out."""

from __future__ import annotations

from collections import Counter, deque

from simulator.tasks import Task

WINDOW_S = 10.0
"""The time in which Stability counts an account's requests (Stability AI: rate limits)."""


class Standing:
    """Credits spent and requests sent, by account."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._sent: dict[str, deque[float]] = {}
        self._shut_until_s: dict[str, float] = {}

    def spend(self, task: Task) -> None:
        """Count what a finished task cost."""
        if task.order.credits:
            # In thousandths, so that a hundred times 0.9 is 90.
            self._spent[task.order.account] += round(
                1000 * task.order.credits * task.images_charged
            )

    def spent(self, account: str) -> float:
        """Credits the account spent."""
        return self._spent[account] / 1000

    def admit(self, account: str, now_s: float, most: int, penalty_s: float) -> bool:
        """Whether a request is let in: no more than `most` in ten seconds.

        One too many shuts the account out for `penalty_s`, which further requests do not prolong.
        """
        if now_s < self._shut_until_s.get(account, 0.0):
            return False
        sent = self._sent.setdefault(account, deque())
        while sent and sent[0] <= now_s - WINDOW_S:
            sent.popleft()
        if len(sent) < most:
            sent.append(now_s)
            return True
        sent.clear()
        self._shut_until_s[account] = now_s + penalty_s
        return False

    def forgive(self) -> None:
        """Let everybody in again."""
        self._sent.clear()
        self._shut_until_s.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.forgive()
        self._spent.clear()
