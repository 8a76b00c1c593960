"""Through which account a row is ordered: its own, the command line's, its model's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from producer.shares import Spread
from schemas.account import DEFAULT_ACCOUNT
from schemas.model import Model
from schemas.parameter import nearest


class NoAccount(NamedTuple):
    """Why an account cannot be ordered through; `said_by` is the option that named it, if one did."""

    name: str
    reason: str
    said_by: str | None


@dataclass(frozen=True)
class Accounts:
    """What is said of accounts for a whole manifest."""

    said: str = DEFAULT_ACCOUNT
    """For rows that name none."""
    fixed: bool = False
    """A rehearsal: `said` holds whatever rows and models say."""
    known: frozenset[tuple[str, str]] | None = None
    """(provider, account) of the settings; None: any is taken."""
    named: bool = False
    """Somebody said `said` for them, if only by its name `default`."""
    spread: Spread = field(default_factory=Spread)
    """Which accounts share the rows for which nobody named one."""

    def binds(self, model: Model, written: str | None) -> bool:
        """Whether somebody named the account for a row of this model."""
        said = self.named or self.said != DEFAULT_ACCOUNT
        return self.fixed or said or written is not None or model.account is not None

    def of(self, model: Model, written: str | None) -> str | NoAccount:
        """The account for a row of this model that names this one, or none."""
        if self.fixed:
            return self.said
        if written is not None:
            return self._checked(written, model, None)
        if self.said != DEFAULT_ACCOUNT:
            return self._checked(self.said, model, "--account")
        return model.account or DEFAULT_ACCOUNT

    def _checked(self, name: str, model: Model, said_by: str | None) -> str | NoAccount:
        if self.known is None or name == DEFAULT_ACCOUNT or (model.provider, name) in self.known:
            return name
        owners = [provider for provider, account in self.known if account == name]
        if owners:
            reason = (
                f"is an account of {owners[0]}, and {model.name} is ordered from {model.provider}"
            )
        else:
            there = sorted({DEFAULT_ACCOUNT} | {a for p, a in self.known if p == model.provider})
            hint = nearest(name, there) or f"; known: {', '.join(there)}"
            reason = f"is no known account of {model.provider}{hint}"
        return NoAccount(name, reason, said_by)
