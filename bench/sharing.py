"""Measures how batches share a lane: an urgent one that cuts in, and others by their weight."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.backlog import hand_in
from bench.mill import Mill
from bench.orders import arrivals_s, first_order_s, wait_for_orders
from bench.rows import write_manifest

WEIGHTS = {"low": 1, "normal": 4}
"""Of the mill's priorities; high is urgent and measured apart."""
URGENT_ROWS = 20
SHARE_ROWS = 1000
SHARE_S = 30.0
JOIN_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Sharing:
    """Orders of batches that stand in one lane at the same time."""

    seconds: float
    orders: dict[str, int]
    """What is ordered -> orders in that time."""
    expected: dict[str, float]
    """What is ordered -> its share by weight."""
    fairness: float
    """The smallest part that a batch had of what was its due; 1: everybody had theirs."""


def takes_priorities(mill: Mill) -> bool:
    """Whether `submit` knows `--priority`."""
    return "--priority" in mill.imagemill("submit", "--help")


def urgent_start_s(mill: Mill) -> float:
    """From the start of the command to the first order of a small urgent batch. Raises Failed."""
    manifest = mill.folder / "urgent.csv"
    write_manifest(manifest, URGENT_ROWS, "urn")
    began_s = time.time()
    hand_in(mill, manifest, "urgent", "--priority", "high")
    return first_order_s(mill, "urn", began_s, JOIN_TIMEOUT_S) - began_s


def shared(mill: Mill) -> Sharing:
    """Hand in a batch of each weight beside the mugs that run, and count everybody's orders."""
    weights = {"mug": WEIGHTS["normal"], "bowl": WEIGHTS["normal"]}
    _join(mill, "bowl")
    if takes_priorities(mill):
        weights["plate"] = WEIGHTS["low"]
        _join(mill, "plate", "--priority", "low")
    for thing in weights:
        wait_for_orders(mill, thing, 0.0, JOIN_TIMEOUT_S)
    began_s = time.time()
    time.sleep(SHARE_S)
    ended_s = time.time()
    orders = {
        thing: sum(began_s <= moment_s < ended_s for moment_s in arrivals_s(mill, thing))
        for thing in weights
    }
    due = expected(weights)
    return Sharing(ended_s - began_s, orders, due, fairness(orders, due))


def expected(weights: dict[str, int]) -> dict[str, float]:
    """Each one's share of the whole."""
    return {thing: weight / sum(weights.values()) for thing, weight in weights.items()}


def fairness(orders: dict[str, int], due: dict[str, float]) -> float:
    """The smallest part of its due that somebody had; 0 where there was nothing to share."""
    total = sum(orders.values())
    return min(count / (total * due[thing]) for thing, count in orders.items()) if total else 0.0


def _join(mill: Mill, thing: str, *options: str) -> None:
    manifest = mill.folder / f"{thing}.csv"
    write_manifest(manifest, SHARE_ROWS, thing)
    hand_in(mill, manifest, f"{thing}s", *options)
