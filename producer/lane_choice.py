"""Chooses the lane of each row: its model, and the account that is said or that has its turn."""

from __future__ import annotations

from producer.accounts_asked import Accounts, NoAccount
from producer.plan import Plan
from producer.problem import Problem, is_blank
from producer.row import Row
from producer.shares import Shares
from schemas.lane import Lane

_KEPT = 1000
"""Accounts of a plan that are remembered."""
_LENGTH_KEPT = 100
"""Longer wrong names are judged anew each time: a thousand of any length would be kept."""


class LaneChoice:
    """The lanes of one manifest's rows."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._shares = Shares(accounts.spread)
        self.bound: set[str] = set()
        """Lanes of rows for which somebody named the account."""

    def of(self, row: Row, column: str | None, plan: Plan, problems: list[Problem]) -> str:
        """The row's lane; what is wrong with its account is added to the problems."""
        raw = row.cells[column] if column is not None else None
        known = plan.lanes.get(raw) if raw is None or type(raw) is str else None
        if known is not None:
            return known
        written = None if is_blank(raw) else str(raw).strip()
        bound = self._accounts.binds(plan.model, written)
        shared = None if bound else self._shares.account(plan.model, row.line)
        there = len(problems)
        account = shared or self._account(row, column, plan, problems)
        lane = str(Lane(plan.model.provider, plan.model.name, account))
        if bound:
            self.bound.add(lane)
        may_be_kept = raw is None or (type(raw) is str and len(raw) <= _LENGTH_KEPT)
        alike = shared is None and len(problems) == there
        if may_be_kept and alike and len(plan.lanes) < _KEPT:
            plan.lanes[raw] = lane
        return lane

    def _account(self, row: Row, column: str | None, plan: Plan, problems: list[Problem]) -> str:
        raw = row.cells[column] if column is not None else None
        written = None if is_blank(raw) else str(raw).strip()
        found = self._accounts.of(plan.model, written)
        if isinstance(found, NoAccount):
            problems.append(row.problem(found.said_by or column, found.name, found.reason))
            return ""
        return found
