"""Lets a scripted fault happen to a request before anything else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from simulator.exchange import JSON, Exchange
from simulator.faults import Fault
from simulator.tasks import new_id

_GARBAGE = b"<html><body>upstream connect error or disconnect/reset before headers"


ErrorBody = Callable[[int, str, str], dict[str, Any]]
"""An error in a dialect's own form, made of HTTP status, code and message."""


def flat_error(_status: int, code: str, message: str) -> dict[str, Any]:
    """DashScope's form of an error (Model Studio: error messages)."""
    return {"code": code, "message": message, "request_id": new_id()}


async def strike(
    fault: Fault | None, exchange: Exchange, error_body: ErrorBody = flat_error
) -> bool:
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
        await _refuse(fault, exchange, error_body)
    return True


async def _refuse(fault: Fault, exchange: Exchange, error_body: ErrorBody) -> None:
    status: int = fault.details["status"]
    code = fault.details.get("code", "InternalError")
    message = fault.details.get("message", "A scripted fault.")
    headers = [(name, str(value)) for name, value in fault.details.get("headers", {}).items()]
    await exchange.answer_json(status, error_body(status, code, message), headers)
