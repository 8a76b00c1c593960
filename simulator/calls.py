"""Orders whose client waits, at every vendor alike: faults, a place to wait in, and the pictures."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from simulator.exchange import Exchange
from simulator.mishaps import ErrorBody, strike
from simulator.pictures import draw, small
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import Order, Task


class Calls:
    """Takes synchronous orders in for one dialect, which writes errors in its own form."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def struck(
        self, exchange: Exchange, prompt: str, model: str, error_body: ErrorBody
    ) -> bool:
        """Let a scripted fault happen; return whether the request is over with that."""
        fault = self._provider.faults.before("create", prompt, model)
        return await strike(fault, exchange, error_body)

    async def make(self, exchange: Exchange, order: Order, busy: Refusal) -> Task | None:
        """Charge an order and hold the connection while it is drawn; None: it was hung up.

        Raises:
            Refusal: `busy`, because too many wait already.
        """
        provider = self._provider
        with provider.hold(order.account, order.model) as room:
            if not room:
                raise busy
            fault = provider.faults.after("create", order.prompt, order.model)
            task = provider.draw_now(order, fault)
            await asyncio.sleep(task.duration_s)
        if fault is not None and fault.kind == "drop-after":
            await exchange.hang_up()
            return None
        return task

    async def picture(self, task: Task, index: int) -> bytes:
        """The picture of that index, counted from 0."""
        order, settings = task.order, self._provider.settings
        if settings.images == "small":
            return small(order, index, f"{task.task_id}-{index + 1}", settings.image_bytes)
        labels = [label for field in order.inputs.values() for label in field]
        hints = self._provider.gallery.shown(labels)
        # Pillow lets go of the interpreter while it draws, so others are answered meanwhile.
        return await asyncio.to_thread(draw, order, index, hints)

    async def inline(self, task: Task, index: int) -> str:
        """The picture of that index in base64."""
        return base64.b64encode(await self.picture(task, index)).decode()


def made(task: Task) -> list[int]:
    """The indexes of the pictures that were made, counted from 0."""
    return [index for index in range(task.order.n) if index not in task.failures]


def key_of(exchange: Exchange) -> str | None:
    """The key of an Authorization header of the scheme Bearer."""
    scheme, _, key = (exchange.header(b"authorization") or "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def is_good(key: str, *beginnings: str) -> bool:
    """Whether a key opens an account here: it begins rightly, and does not say that it is wrong."""
    return key.startswith(beginnings) and "wrong" not in key


def json_object(raw: bytes) -> dict[str, Any] | None:
    """The body as a JSON object; None if it is none, or holds half a character."""
    try:
        body = json.loads(raw)
        if b"\\ud" in raw.lower():
            # Half of a surrogate pair is no text: nothing could be written of it.
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def pixels(text: str) -> tuple[int, int] | None:
    """Width and height of a text like 1024x768; None if it is no such text."""
    width, cross, height = text.partition("x")
    if not (cross and _is_number(width) and _is_number(height)):
        return None
    return int(width), int(height)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 6 and text[0] != "0"
