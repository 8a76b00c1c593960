"""When each order reached the provider, by what was ordered: see bench/rows.py."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request

from bench.mill import Failed, Mill
from bench.rows import PROMPT

LOOK_S = 0.1
_MARK = PROMPT.split("number", 1)[0]


def arrivals_s(mill: Mill, thing: str) -> list[float]:
    """Epoch seconds of the accepted orders of one thing, in order."""
    asked = urllib.parse.urlencode({"prompt": f"{_MARK.format(thing=thing)}number"})
    with urllib.request.urlopen(f"{mill.simulator_url}/_ledger?{asked}", timeout=60) as answer:
        tasks = json.load(answer)["tasks"]
    return sorted(task["submitted_at"] / 1000 for task in tasks)


def wait_for_orders(mill: Mill, thing: str, after_s: float, timeout_s: float) -> float | None:
    """When the first order after a moment came (epoch seconds); None: none in time."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        later = [moment_s for moment_s in arrivals_s(mill, thing) if moment_s > after_s]
        if later:
            return later[0]
        time.sleep(LOOK_S)
    return None


def first_order_s(mill: Mill, thing: str, after_s: float, timeout_s: float) -> float:
    """The same where there must be one. Raises Failed."""
    found = wait_for_orders(mill, thing, after_s, timeout_s)
    if found is None:
        raise Failed(f"no {thing} was ordered within {timeout_s:g} s")
    return found
