"""What is posted to whom: one notice in each of the forms that receivers understand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from results.telling.message import Message, message
from results.telling.signatures import dingtalk_signature, feishu_signature, standard_signature
from results.telling.target import Target
from schemas.notice import Notice

_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept-Encoding": "identity",
    "User-Agent": "imagemill",
}
_TURNED = str.maketrans(
    {"[": "［", "]": "］", "<": "＜", ">": "＞", "`": "'", "\\": "＼", "!": "！"}
)
"""What would make a link or a picture of a provider's words; DingTalk documents no escapes."""


@dataclass(frozen=True)
class Post:
    """A request that tells somebody."""

    url: str = field(repr=False)
    headers: Mapping[str, str]
    body: bytes


def post_of(target: Target, document: str, now: datetime) -> Post:
    """The request for a notice, signed at this moment; the notice itself is always the same."""
    notice = Notice.model_validate_json(document)
    match target.format:
        case "dingtalk":
            return _dingtalk(target, message(notice, target.language), now)
        case "feishu":
            return _feishu(target, message(notice, target.language), now)
        case "slack":
            return _chat(target.url, _slack(message(notice, target.language)))
        case _:
            return _json(target, notice.id, document.encode(), now)


def _json(target: Target, id_: str, body: bytes, now: datetime) -> Post:
    """Headers as Standard Webhooks names them."""
    timestamp_s = int(now.timestamp())
    headers = {**_HEADERS, "webhook-id": id_, "webhook-timestamp": str(timestamp_s)}
    if target.secret is not None:
        signature = standard_signature(target.secret, id_, timestamp_s, body)
        headers["webhook-signature"] = signature
    return Post(target.url, headers, body)


def _dingtalk(target: Target, said: Message, now: datetime) -> Post:
    """A robot's markdown message (DingTalk open platform: message types of custom robots)."""
    url = target.url
    if target.secret is not None:
        timestamp_ms = int(now.timestamp() * 1000)
        sign = quote(dingtalk_signature(target.secret, timestamp_ms), safe="")
        url += f"{'&' if '?' in url else '?'}timestamp={timestamp_ms}&sign={sign}"
    title, *lines = [line.translate(_TURNED) for line in (said.title, *said.lines)]
    text = "\n\n".join([f"#### {title}", *lines])
    return _chat(url, {"msgtype": "markdown", "markdown": {"title": title, "text": text}})


def _feishu(target: Target, said: Message, now: datetime) -> Post:
    """A bot's rich text message (Feishu open platform: custom bot usage guide)."""
    paragraphs = [[{"tag": "text", "text": line}] for line in said.lines]
    post = {"title": said.title, "content": paragraphs}
    document: dict[str, Any] = {"msg_type": "post", "content": {"post": {"zh_cn": post}}}
    if target.secret is not None:
        timestamp_s = int(now.timestamp())
        sign = feishu_signature(target.secret, timestamp_s)
        document = {"timestamp": str(timestamp_s), "sign": sign, **document}
    return _chat(target.url, document)


def _slack(said: Message) -> dict[str, Any]:
    """An incoming webhook's message (Slack: sending messages using incoming webhooks).

    `&`, `<` and `>` are all that is to be escaped (Slack: formatting text for app surfaces).
    """
    lines = [_escaped(line) for line in (said.title, *said.lines)]
    return {"text": "\n".join([f"*{lines[0]}*", *lines[1:]])}


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _chat(url: str, document: Mapping[str, Any]) -> Post:
    return Post(url, _HEADERS, json.dumps(document, ensure_ascii=False).encode())
