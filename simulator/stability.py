"""Stability AI's dialects: two APIs of one account, what it has and which engines there are.

Sources: Stability AI: v1 REST reference; rate limits; v2beta stable image, generate.
"""

from __future__ import annotations

import json
from typing import Any

from simulator.exchange import Exchange
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.stability_desk import Desk, listed_error, named_error
from simulator.stability_engines import ENGINES
from simulator.stability_v1 import FirstApi
from simulator.stability_v2 import SecondApi

_V1 = "/v1/generation/"
_V2 = "/v2beta/stable-image/generate/"


class Stability:
    """Translates between Stability's two APIs and the provider."""

    prefixes: tuple[str, ...] = (_V1, "/v1/user/", "/v1/engines/", "/v2beta/")

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        desk = Desk(provider)
        self._desk = desk
        self._first = FirstApi(provider, desk)
        self._second = SecondApi(provider, desk)

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; errors have a message in the first API, a list in the second."""
        second = exchange.path.startswith("/v2beta/")
        error_body = listed_error if second else named_error
        try:
            if exchange.path.startswith(_V2):
                exchange.endpoint = "create"
                await self._second.create(exchange, exchange.path[len(_V2) :])
            elif exchange.path.startswith(_V1):
                exchange.endpoint = "create"
                await self._first.create(exchange, exchange.path[len(_V1) :])
            else:
                await self._tell(exchange)
        except Refusal as refusal:
            error = error_body(refusal.status, refusal.code, refusal.message)
            await exchange.answer_json(refusal.status, error)

    async def _tell(self, exchange: Exchange) -> None:
        """What the account has, and which engines there are."""
        exchange.endpoint = "account"
        account = self._desk.account(exchange)
        documents: dict[str, Any] = {
            "/v1/user/balance": {"credits": self._desk.left(account)},
            "/v1/user/account": {
                "email": "simulated@example.com",
                "id": f"user-{account}",
                "organizations": [
                    {
                        "id": f"org-{account}",
                        "is_default": True,
                        "name": "Personal",
                        "role": "OWNER",
                    }
                ],
                "profile_picture": "",
            },
        }
        if exchange.method == "GET" and exchange.path == "/v1/engines/list":
            await exchange.answer(200, json.dumps(_engines()).encode())
        elif exchange.method == "GET" and exchange.path in documents:
            await exchange.answer_json(200, documents[exchange.path])
        else:
            raise Refusal(404, "not_found", "The requested resource was not found")


def _engines() -> list[dict[str, str]]:
    return [
        {
            "description": f"{engine.title}, simulated",
            "id": name,
            "name": engine.title,
            "type": "PICTURE",
        }
        for name, engine in ENGINES.items()
    ]
