"""OpenAI's dialect, POST /v1/images/generations, and everybody who speaks it.

The model's name tells the house: OpenAI, Volcengine Ark, SiliconFlow; any other name is taken for a
server of one's own, which draws with whatever model it was started with.
"""

from __future__ import annotations

from typing import Any

from simulator.calls import Calls, is_good, json_object, key_of
from simulator.checks import BadParameter
from simulator.dashscope_model import Picture
from simulator.exchange import Exchange
from simulator.moderation import refuses_last_image, refuses_prompt
from simulator.openai_ark import PREFIX, Ark
from simulator.openai_house import Asked, Blocked, House
from simulator.openai_own import FAMILIES, OpenAIHouse, OwnServer
from simulator.openai_siliconflow import MODELS as SILICONFLOW
from simulator.openai_siliconflow import SiliconFlow
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.seen import Seen, Unseen, see
from simulator.tasks import Order, Task

_OPENAI, _ARK, _SILICONFLOW, _OWN = OpenAIHouse(), Ark(), SiliconFlow(), OwnServer()
_PATHS = ("/v1/images/generations", "/api/v3/images/generations")
_PICTURE = Picture(most=14, data=True, sides=(15, 1 << 14), ratio=16)
_NOT_FOUND = (404, "unknown_url", "Unknown request URL. Please check the URL for typos.")


class OpenAI:
    """Translates between the images API and the provider."""

    prefixes: tuple[str, ...] = ("/v1/images/", "/api/v3/images/")

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._calls = Calls(provider)

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request in the form of the house that has the model."""
        exchange.endpoint = "create"
        body = json_object(await exchange.body())
        named = (body or {}).get("model")
        model = named if isinstance(named, str) and named else "dall-e-2"
        house = house_of(model)
        try:
            await self._create(exchange, house, model, body)
        except Refusal as refusal:
            document = house.error(refusal.status, refusal.code, refusal.message)
            if isinstance(refusal, Blocked):
                document["error"]["moderation_details"] = refusal.details
            await exchange.answer_json(refusal.status, document, refusal.headers)

    async def _create(
        self, exchange: Exchange, house: House, model: str, body: dict[str, Any] | None
    ) -> None:
        provider = self._provider
        if exchange.path not in _PATHS or exchange.method != "POST":
            raise Refusal(*_NOT_FOUND)
        if body is None:
            raise house.bad("We could not parse the JSON body of your request.")
        account = self._account(exchange, house)
        prompt = body.get("prompt")
        named = prompt if isinstance(prompt, str) else ""
        if await self._calls.struck(exchange, named, model, house.error):
            return
        if not house.knows(model) or model in provider.settings.retired.split(","):
            raise house.unknown(model)
        if not provider.may_submit(account, model):
            raise house.too_fast(provider.settings.rate)
        try:
            asked = house.read(model, body)
        except BadParameter as error:
            raise house.bad(str(error)) from error
        self._moderate(house, model, asked)
        seen = await self._see(house, asked)
        order = self._order(account, model, asked, seen)
        task = await self._calls.make(exchange, order, house.busy())
        if task is None:
            return
        if not task.images_made:
            failure = task.failures[0]
            raise house.failed(failure.code, failure.message)
        pictures = [await self._picture(exchange, task, i, asked) for i in range(order.n)]
        answer = house.answer(task, asked, pictures)
        await exchange.answer_json(200, answer.document, answer.headers)

    def _account(self, exchange: Exchange, house: House) -> str:
        key = key_of(exchange)
        if not house.keys:
            return self._provider.account(key or "no key")
        if key is None or not is_good(key, *house.keys):
            raise house.no_key()
        return self._provider.account(key)

    def _moderate(self, house: House, model: str, asked: Asked) -> None:
        if refuses_prompt(f"{asked.prompt} {asked.words}"):
            raise house.unsafe(model, "input")
        if not house.fails_singly and refuses_last_image(asked.prompt):
            # Everywhere but at Ark one bad picture spoils the order; nothing is charged for it.
            raise house.unsafe(model, "output")

    async def _see(self, house: House, asked: Asked) -> Seen:
        try:
            return await see("image", asked.pictures, _PICTURE, self._provider.gallery)
        except Unseen as error:
            raise house.bad(f"The parameter `image` is not valid: {error}") from error

    def _order(self, account: str, model: str, asked: Asked, seen: Seen) -> Order:
        return Order(
            account=account,
            model=model,
            prompt=asked.prompt,
            n=asked.n,
            seed=self._provider.draw_seed() if asked.seed is None else asked.seed,
            size=asked.size,
            style=asked.style,
            parameters=asked.parameters,
            format=asked.format,
            inputs=seen.labels,
        )

    async def _picture(
        self, exchange: Exchange, task: Task, index: int, asked: Asked
    ) -> dict[str, Any]:
        failure = task.failures.get(index)
        if failure is not None:
            return {"error": {"code": failure.code, "message": failure.message}}
        if asked.inline:
            return {"b64_json": await self._calls.inline(task, index)}
        return {"url": self._provider.result_url(exchange.origin, task, index)}


def house_of(model: str) -> House:
    """Whose model it is, by its name."""
    if model.startswith(FAMILIES):
        return _OPENAI
    if model.startswith(PREFIX):
        return _ARK
    return _SILICONFLOW if model in SILICONFLOW else _OWN
