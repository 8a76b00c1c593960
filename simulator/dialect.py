"""What the server asks of a vendor's wire protocol."""

from __future__ import annotations

from typing import Protocol

from simulator.exchange import Exchange


class Dialect(Protocol):
    """One vendor's wire protocol: answers every request whose path begins with a prefix of it."""

    prefixes: tuple[str, ...]

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
