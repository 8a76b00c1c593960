"""What both of Stability's APIs ask of an account, and what they do with its pictures."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import Any

from PIL import Image, ImageFilter

from simulator.calls import Calls, is_good, key_of
from simulator.exchange import Exchange
from simulator.mishaps import ErrorBody
from simulator.moderation import refuses_last_image
from simulator.pictures import encoded
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import Order, Task, new_id

SUCCESS = "SUCCESS"
FILTERED = "CONTENT_FILTERED"
FAILED = "ERROR"


class Desk:
    """What both APIs ask of an account, and what they do with its pictures."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.calls = Calls(provider)

    def account(self, exchange: Exchange) -> str:
        """The account of the request's key.

        Raises:
            Refusal: It has no key, or a wrong one.
        """
        key = key_of(exchange)
        if key is None:
            raise Refusal(401, "unauthorized", "authorization: missing authorization header")
        if not is_good(key, "sk-"):
            raise Refusal(401, "unauthorized", "authorization: Incorrect API key provided")
        return self._provider.account(key)

    def left(self, account: str) -> float:
        """Credits the account still has."""
        return round(self._provider.settings.credits - self._provider.standing.spent(account), 3)

    async def struck(
        self, exchange: Exchange, prompt: str, model: str, error_body: ErrorBody
    ) -> bool:
        """Let a scripted fault happen; return whether the request is over with that."""
        return await self.calls.struck(exchange, prompt, model, error_body)

    def let_in(self, account: str) -> None:
        """Count a request of the account.

        Raises:
            Refusal: It sent too many.
        """
        provider, settings = self._provider, self._provider.settings
        now_s = provider.now_s()
        if not provider.standing.admit(account, now_s, settings.burst, settings.penalty_s):
            message = (
                f"You have exceeded the rate limit of {settings.burst} requests within a 10 second "
                f"period, and have been timed out for {settings.penalty_s:g} seconds."
            )
            raise Refusal(429, "rate_limit_exceeded", message)

    def finish_reason(self, task: Task, index: int) -> str:
        """What became of a picture; the last one of a doubtful prompt is blurred."""
        if index in task.failures:
            return FAILED
        doubtful = refuses_last_image(task.order.prompt) and index == task.order.n - 1
        return FILTERED if doubtful else SUCCESS

    async def picture(self, task: Task, index: int) -> bytes:
        """The picture of that index, blurred if it was filtered."""
        content = await self.calls.picture(task, index)
        if self.finish_reason(task, index) == FILTERED:
            return await asyncio.to_thread(_blurred, content, task.order)
        return content

    async def inline(self, task: Task, index: int) -> str:
        """The picture of that index in base64."""
        return base64.b64encode(await self.picture(task, index)).decode()


def named_error(_status: int, code: str, message: str) -> dict[str, Any]:
    """An error as the first API writes it."""
    return {"id": new_id(), "name": code, "message": message}


def listed_error(_status: int, code: str, message: str) -> dict[str, Any]:
    """An error as the second API writes it: one for each line of the message."""
    return {"id": new_id(), "name": code, "errors": message.split("\n")}


def _blurred(content: bytes, order: Order) -> bytes:
    image = Image.open(io.BytesIO(content))
    return encoded(image.convert("RGB").filter(ImageFilter.GaussianBlur(24)), order.format)
