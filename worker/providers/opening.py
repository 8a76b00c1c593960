"""What a client is made of."""

from __future__ import annotations

from typing import NamedTuple

import httpx2

from schemas.account import Account
from schemas.clock import Clock
from worker.providers.port import SharedToken


class Opening(NamedTuple):
    """One account, and what its client works with."""

    base_url: str
    account: Account
    http: httpx2.Client
    """The client's own, to be closed with it."""
    token: SharedToken
    clock: Clock

    @property
    def key(self) -> str | None:
        """The account's API key."""
        return self.account.api_key.get_secret_value() if self.account.api_key else None
