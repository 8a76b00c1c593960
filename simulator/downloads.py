"""Hands out result pictures as OSS does: by signed URL only, errors as XML."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections import OrderedDict

from PIL import Image

from simulator.exchange import Exchange
from simulator.faults import Fault
from simulator.mishaps import strike
from simulator.parts import draw_part
from simulator.pictures import small
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.signing import Verdict
from simulator.tasks import Task, new_id

_XML = "application/xml"
_KEPT_PICTURES = 64
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)
_VERDICTS = {
    Verdict.UNSIGNED: (403, "AccessDenied", "You have no right to access this object."),
    Verdict.MISMATCH: (403, "SignatureDoesNotMatch", _MISMATCH),
    Verdict.EXPIRED: (403, "AccessDenied", "Request has expired."),
}
_HTML = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Captive portal</body></html>"
)


class Downloads:
    """Answers everything under /results/."""

    prefixes: tuple[str, ...] = ("/results/",)

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._kept: OrderedDict[tuple[str, int, str], bytes] = OrderedDict()

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        exchange.endpoint = "download"
        try:
            await self._serve(exchange)
        except Refusal as refusal:
            await exchange.answer(refusal.status, _xml(refusal), _XML)

    async def _serve(self, exchange: Exchange) -> None:
        if exchange.method != "GET":
            raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed.")
        found = self._provider.result(exchange.path)
        faults = self._provider.faults
        about = (found[0].order.prompt, found[0].order.model) if found else ("", "")
        if await strike(faults.before("download", *about), exchange):
            return
        self._check(exchange)
        if found is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        task, index, part = found
        fault = faults.after("download", *about)
        if fault is not None and fault.kind == "expired":
            raise Refusal(*_VERDICTS[Verdict.EXPIRED])
        task.downloads += 1
        picture = await self._picture(task, index, part)
        content_type = _TYPES[exchange.path.rpartition(".")[2]]
        if fault is not None:
            await _spoil(fault, exchange, picture, content_type)
            return
        etag = f'"{hashlib.md5(picture, usedforsecurity=False).hexdigest().upper()}"'
        await exchange.answer(200, picture, content_type, [("ETag", etag)])

    def _check(self, exchange: Exchange) -> None:
        if exchange.header(b"authorization") is not None:
            raise Refusal(400, "InvalidArgument", "Authorization header is invalid.")
        signer = self._provider.signer
        verdict = signer.check(exchange.path, exchange.query, self._provider.now_s())
        if verdict is not Verdict.GOOD:
            raise Refusal(*_VERDICTS[verdict])

    async def _picture(self, task: Task, index: int, part: str) -> bytes:
        order, settings = task.order, self._provider.settings
        if settings.images == "small" and part != "svg":
            label = f"{task.task_id}-{index + 1}{part}"
            return small(order, index, label, settings.image_bytes)
        key = (task.task_id, index, part)
        picture = self._kept.get(key)
        if picture is None:
            labels = [label for field in order.inputs.values() for label in field]
            hints = self._provider.gallery.shown(labels)
            # Pillow lets go of the interpreter while it draws, so others are answered meanwhile.
            picture = await asyncio.to_thread(draw_part, order, index, part, hints)
            self._kept[key] = picture
            if len(self._kept) > _KEPT_PICTURES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return picture


async def _spoil(fault: Fault, exchange: Exchange, picture: bytes, content_type: str) -> None:
    if fault.kind == "truncate":
        await exchange.answer_cut(picture, content_type)
    elif fault.kind == "corrupt":
        await exchange.answer(200, b"\x89PNG" + bytes(reversed(picture[4:])), content_type)
    elif fault.details.get("content", "html") == "jpeg" and content_type != "image/svg+xml":
        out = io.BytesIO()
        Image.open(io.BytesIO(picture)).convert("RGB").save(out, "JPEG")
        await exchange.answer(200, out.getvalue(), "image/png")
    else:
        await exchange.answer(200, _HTML, "text/html")


def _xml(refusal: Refusal) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n'
        f"  <Code>{refusal.code}</Code>\n  <Message>{refusal.message}</Message>\n"
        f"  <RequestId>{new_id()}</RequestId>\n</Error>\n"
    ).encode()
