"""Indexes: sorted sets that say when to look at each lane, and at each batch."""

from __future__ import annotations

from ledger.scripts import Call


def nudge(index: str, name: str, delay_s: float = 0.0) -> Call:
    """Ask for a look at a member, no later than after a while."""
    return Call("nudge", [index], [name, max(int(delay_s * 1000), 0)])


def take_turns(index: str, again_s: float, limit: int) -> Call:
    """Hand out the members whose moment has come; each is looked at again after `again_s`."""
    return Call("take_turns", [index], [int(again_s * 1000), limit])


def forget_idle(index: str, name: str, booked: str) -> Call:
    """Take a member out, unless somebody asked for a look since its turn."""
    return Call("forget_idle", [index], [name, booked])


def put_off(index: str, name: str, delay_s: float) -> Call:
    """Look at a member after a while and not before; one that was taken out stays out."""
    return Call("put_off", [index], [name, max(int(delay_s * 1000), 0)])
