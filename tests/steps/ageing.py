"""Makes the past longer: the server's clock is real, and nobody waits a minute for a test."""

from __future__ import annotations

import json

from ledger.keys import LaneKeys
from ledger.opening import Ledger
from tests.steps.scripted_provider import ScriptedProvider

LONG_S = 100.0
"""After this an order's answer is out, whoever sent it, and the provider's list is complete."""


def age(ledger: Ledger, provider: ScriptedProvider, age_s: float = LONG_S) -> None:
    """Orders left so much earlier, for us and for the provider."""
    for ticket in provider.listed:
        provider.listed[ticket] -= age_s
    for lane in ledger.lanes.names():
        _age_lane(ledger, LaneKeys(lane), int(age_s * 1000))


def _age_lane(ledger: Ledger, keys: LaneKeys, age_ms: int) -> None:
    client = ledger.client
    for job in list(client.scan_iter(f"{keys.job_prefix}*")):
        if client.hexists(job, "submitting_ms"):
            client.hincrby(job, "submitting_ms", -age_ms)
    for ticket in list(client.zrange(keys.tickets, 0, -1)):
        client.zincrby(keys.tickets, -age_ms, str(ticket))
    if client.hexists(keys.tally, "tickets_from_ms"):
        client.hincrby(keys.tally, "tickets_from_ms", -age_ms)
    for mark, text in client.hgetall(keys.unsettled).items():
        ref, prompt, from_ms, until_ms = json.loads(text)
        request, _, marked_ms = str(mark).rpartition(".")
        client.hdel(keys.unsettled, mark)
        aged = json.dumps([ref, prompt, from_ms - age_ms, until_ms - age_ms])
        client.hset(keys.unsettled, f"{request}.{int(marked_ms) - age_ms}", aged)
