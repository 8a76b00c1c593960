"""The simulator's own endpoints, all under /_: ledger, faults, settings, reset, health."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulator.faults import BadFault, read_faults
from simulator.ledger import Filter
from simulator.provider import Provider
from simulator.settings import BadSetting


class Control:
    """Handlers that script and inspect one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def routes(self) -> list[Route]:
        """The endpoints as Starlette routes."""
        return [
            Route("/_health", self._health, methods=["GET"]),
            Route("/_ledger", self._ledger, methods=["GET"]),
            Route("/_config", self._settings, methods=["GET"]),
            Route("/_config", self._configure, methods=["PUT"]),
            Route("/_faults", self._faults, methods=["GET"]),
            Route("/_faults", self._script, methods=["POST"]),
            Route("/_faults", self._clear_faults, methods=["DELETE"]),
            Route("/_reset", self._reset, methods=["POST"]),
        ]

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def _ledger(self, request: Request) -> JSONResponse:
        asked = request.query_params
        try:
            wanted = Filter(
                state=asked.get("state"),
                model=asked.get("model"),
                account=asked.get("account"),
                prompt=asked.get("prompt"),
                offset=int(asked.get("offset", "0")),
                limit=int(asked["limit"]) if "limit" in asked else None,
            )
        except ValueError:
            return _bad("offset and limit must be integers")
        if wanted.offset < 0 or (wanted.limit or 0) < 0:
            return _bad("offset and limit must not be negative")
        return JSONResponse(self._provider.report(wanted))

    async def _settings(self, _request: Request) -> JSONResponse:
        return JSONResponse(asdict(self._provider.settings))

    async def _configure(self, request: Request) -> JSONResponse:
        try:
            changes = await _document(request)
            if not isinstance(changes, dict):
                return _bad("send a JSON object of settings")
            self._provider.configure(changes)
        except (BadSetting, json.JSONDecodeError) as error:
            return _bad(str(error))
        return JSONResponse(asdict(self._provider.settings))

    async def _faults(self, _request: Request) -> JSONResponse:
        return JSONResponse(self._provider.faults.shown())

    async def _script(self, request: Request) -> JSONResponse:
        try:
            self._provider.faults.add(read_faults(await _document(request)))
        except (BadFault, json.JSONDecodeError) as error:
            return _bad(str(error))
        return JSONResponse(self._provider.faults.shown())

    async def _clear_faults(self, _request: Request) -> JSONResponse:
        self._provider.faults.clear()
        return JSONResponse([])

    async def _reset(self, _request: Request) -> JSONResponse:
        self._provider.reset()
        return JSONResponse({"status": "ok"})


async def _document(request: Request) -> Any:  # JSON has no narrower type before it is checked
    return json.loads(await request.body())


def _bad(message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=400)
