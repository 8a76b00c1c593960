"""Purses: money is set aside before an order leaves, so that no limit is ever exceeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import redis

from ledger.errors import translated
from ledger.exchange import Reply
from ledger.keys import PurseKeys, account_purse_keys, batch_purse_keys
from ledger.scripts import Argument, Call, Scripts
from schemas.money import MOST_MICRO

DAY_S = 86_400
FORGET_AFTER_S = 7 * DAY_S
"""An account's purse that nobody used for so long is forgotten, reservations and all."""


@dataclass(frozen=True)
class Day:
    """What an account may spend in a day, and when its days begin."""

    limit_micro: int
    utc_offset_s: int = 0


@dataclass(frozen=True)
class Figures:
    """What a purse holds, in millionths of its currency's unit."""

    limit_micro: int | None
    """None: nobody set one."""
    spent_micro: int
    """An account's: today."""
    reserved_micro: int
    """Set aside for orders that are not over."""

    @property
    def room_micro(self) -> int | None:
        """What can still be reserved; None: any amount."""
        if self.limit_micro is None:
            return None
        return max(self.limit_micro - self.spent_micro - self.reserved_micro, 0)


@dataclass(frozen=True)
class Reserved:
    """The money is set aside: the order may leave."""

    figures: Figures


@dataclass(frozen=True)
class Refused:
    """The order would exceed the limit. What was set aside for it before still is."""

    figures: Figures
    next_day_s: int | None
    """Seconds until nothing is spent again; None: this purse knows no days."""


@dataclass(frozen=True)
class Settlement:
    """What settling changed."""

    settled: int
    """How many of the refs had a reservation; the others changed nothing."""
    waiting: int
    """How many refs were refused, and neither reserved nor were settled since. It is said until
    they come back, so that a caller who dies before waking them loses nothing."""
    figures: Figures


class Purse:
    """One purse, shared by all workers. Every call may be repeated."""

    def __init__(
        self, client: redis.Redis, scripts: Scripts, keys: PurseKeys, day: Day | None = None
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._day = day
        self._terms: list[Argument] = ["", "", FORGET_AFTER_S]
        if day is not None:
            self._terms = [_checked(day.limit_micro), day.utc_offset_s, FORGET_AFTER_S]

    def reserve(self, ref: str, amount_micro: int) -> Reserved | Refused:
        """Set `amount_micro` aside for an order, in place of what was set aside for it before.

        Raises ValueError for an amount below zero or above `MOST_MICRO`, and LedgerError.
        """
        keys = [self._keys.purse, self._keys.reservations, self._keys.refused]
        limit, offset, idle = self._terms
        args: list[Argument] = [ref, _checked(amount_micro), limit, offset, idle]
        fits, *figures, next_day_s = self._scripts.run(Call("reserve", keys, args))
        if fits:
            return Reserved(_figures(figures))
        return Refused(_figures(figures), None if self._day is None else next_day_s)

    def settle(self, ref: str, cost_micro: int) -> Settlement:
        """An order is over and cost this much: release what was set aside, count the cost.

        The cost may exceed what was set aside, and even the limit: it is a fact. Without a
        reservation nothing changes. Raises like `reserve`.
        """
        return self.settle_all({ref: cost_micro})

    def settle_all(self, costs_micro: Mapping[str, int]) -> Settlement:
        """The same for many orders (ref -> cost) at once."""
        keys = [self._keys.purse, self._keys.reservations, self._keys.refused]
        limit, offset, idle = self._terms
        args: list[Argument] = [limit, offset, idle]
        for ref, cost_micro in costs_micro.items():
            args += [ref, _checked(cost_micro)]
        settled, waiting, *figures = self._scripts.run(Call("settle", keys, args))
        return Settlement(settled, waiting, _figures(figures))

    def refs(self) -> list[str]:
        """Orders that something is set aside for. Raises LedgerError."""
        with translated():
            return sorted(str(ref) for ref in self._client.hkeys(self._keys.reservations))

    def read(self) -> Figures:
        """What it holds now. Raises LedgerError."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            pipe.hmget(self._keys.purse, ["limit", "spent", "reserved", "day"])
            (now_s, _), (limit, spent, reserved, day) = pipe.execute()
        if self._day is None:
            return Figures(
                None if limit is None else int(limit), int(spent or 0), int(reserved or 0)
            )
        is_over = (now_s + self._day.utc_offset_s) // DAY_S > int(day or -1)
        return Figures(self._day.limit_micro, 0 if is_over else int(spent or 0), int(reserved or 0))


class BatchPurse(Purse):
    """A batch's purse in one currency. Without a limit it only counts."""

    def set_limit(self, limit_micro: int) -> None:
        """From now on no more than this is spent and reserved; what is stays. Raises like `reserve`.

        Wakes nobody: whoever raises it looks at the batch afterwards.
        """
        with translated():
            self._client.hset(self._keys.purse, "limit", _checked(limit_micro))


def batch_purse(client: redis.Redis, scripts: Scripts, batch: str, currency: str) -> BatchPurse:
    """What a batch may spend in one currency; its limit lives in the ledger."""
    return BatchPurse(client, scripts, batch_purse_keys(batch, currency))


def account_purse(
    client: redis.Redis, scripts: Scripts, account: tuple[str, str], currency: str, day: Day
) -> Purse:
    """What an account (provider, name) may spend a day in one currency; its limit comes with `day`."""
    return Purse(client, scripts, account_purse_keys(*account, currency), day)


def _checked(micro: int) -> int:
    if not 0 <= micro <= MOST_MICRO:
        raise ValueError(f"{micro} millionths are no amount a purse can hold: 0 to {MOST_MICRO}")
    return micro


def _figures(reply: list[Reply]) -> Figures:
    spent, reserved, limit = reply
    return Figures(None if limit < 0 else limit, spent, reserved)
