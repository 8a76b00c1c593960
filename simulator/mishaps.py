"""Lets a scripted fault happen to a request before anything else does."""

from __future__ import annotations

import asyncio

from simulator.exchange import JSON, Exchange
from simulator.faults import Fault
from simulator.tasks import new_id

_GARBAGE = b"<html><body>upstream connect error or disconnect/reset before headers"


async def strike(fault: Fault | None, exchange: Exchange) -> bool:
    """Do what the fault says; return whether the request is over with that."""
    if fault is None:
        return False
    if fault.kind == "slow":
        await asyncio.sleep(fault.details.get("seconds", 1.0))
        return False
    if fault.kind == "drop":
        await exchange.hang_up()
    elif fault.kind == "garbage":
        await exchange.answer(200, _GARBAGE, JSON)
    else:
        await _refuse(fault, exchange)
    return True


async def _refuse(fault: Fault, exchange: Exchange) -> None:
    document = {
        "code": fault.details.get("code", "InternalError"),
        "message": fault.details.get("message", "A scripted fault."),
        "request_id": new_id(),
    }
    headers = [(name, str(value)) for name, value in fault.details.get("headers", {}).items()]
    await exchange.answer_json(fault.details["status"], document, headers)
