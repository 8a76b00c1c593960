"""The broker's transport, which lets nothing pass but our own messages.

Celery's consumer ends its worker over a message that is no JSON, no envelope or no task's arguments,
and puts back what it could not read: one such message would end every worker of the fleet, one
after the other. Here it is dropped with a line in the log. Nothing is lost with it, since a message
is a hint and the ledger is the truth.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import Any

from kombu.exceptions import KombuError
from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as RedisConnectionError

from ledger.patience import Patience
from schemas.queues import APP, QUEUES

log = logging.getLogger(__name__)

BODY_LIMIT_BYTES = 4096
"""Our longest messages name a batch, a job and a lane: some hundred bytes."""
_HEADERS_LIMIT = 8192
_NO_JSON = (ValueError, RecursionError, KombuError)


def guard_broker() -> None:
    """Make this process's Celery use the transport of this file."""
    path = f"{__name__}:Transport"
    sentinel = f"{__name__}:SentinelTransport"
    TRANSPORT_ALIASES.update(redis=path, rediss=path, sentinel=sentinel)


class Channel(redis.Channel):
    """Drops what is no JSON, and waits for no server longer than the ledger does."""

    from_transport_options = (*redis.Channel.from_transport_options, "patience")
    patience = Patience()

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc] # the types leave it out
        except _NO_JSON as error:
            log.warning("message.dropped", extra={"why": f"no JSON ({type(error).__name__})"})
            return True

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Nothing to do: a message is ours once it was read, and kept nowhere until it is done.

        kombu would take it from a list it never stood in, by a transaction on a client made for it.
        """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # Celery closes a broken connection twice. The second time a channel that has messages to put
        # back reaches for a connection that is gone: an error nobody expects, which ends the worker.
        if self.connection.client is None:
            raise RedisConnectionError("the connection is closed")
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc] # likewise
        waits = {"retry": self.patience.retry(0), "redis_connect_func": self.patience.greet}
        return found | waits


class Transport(redis.Transport):
    """Drops what is no message of ours, before anything of it is acted on."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        fault = fault_of(message) if queue in QUEUES else None
        if fault is not None:
            log.warning("message.dropped", extra={"queue": queue, "why": fault})
            return
        super()._deliver(message, queue)


class SentinelChannel(Channel, redis.SentinelChannel):
    """The same, on the server that sentinels name."""

    from_transport_options = (*redis.SentinelChannel.from_transport_options, "patience")


class SentinelTransport(Transport, redis.SentinelTransport):
    """The same, on the server that sentinels name."""

    Channel = SentinelChannel


def fault_of(message: object) -> str | None:
    """What keeps an envelope from being one of our messages; None where nothing does."""
    if not isinstance(message, Mapping):
        return "no envelope"
    headers, properties, body = (message.get(part) for part in ("headers", "properties", "body"))
    if not (isinstance(headers, Mapping) and isinstance(properties, Mapping)):
        return "no envelope"
    if not isinstance(body, str):
        return "no body"
    return (
        _fault_of_type(message)
        or _fault_of_headers(headers)
        or _fault_of_properties(properties)
        or _fault_of_body(body, str(properties.get("body_encoding")))
    )


def _fault_of_type(message: Mapping[str, Any]) -> str | None:
    kind = (message.get("content-type"), str(message.get("content-encoding")).lower())
    return None if kind == ("application/json", "utf-8") else "a content type other than JSON"


def _fault_of_headers(headers: Mapping[str, Any]) -> str | None:
    task, identity = headers.get("task"), headers.get("id")
    if not (isinstance(task, str) and task.startswith(f"{APP}.")):
        return "not a task of ours"
    if not isinstance(identity, str):
        return "no id"
    if any(headers.get(name) for name in ("eta", "expires", "group", "timelimit_soft", "retries")):
        return "a wish we never have"
    if len(json.dumps(headers)) > _HEADERS_LIMIT:
        return "huge headers"
    return None


def _fault_of_properties(properties: Mapping[str, Any]) -> str | None:
    where = properties.get("delivery_info")
    whole = isinstance(properties.get("delivery_tag"), str) and isinstance(where, Mapping)
    return None if whole else "no delivery"


def _fault_of_body(body: str, encoding: str) -> str | None:
    if len(body) > BODY_LIMIT_BYTES:
        return f"a body of {len(body):,} characters"
    try:
        text = base64.b64decode(body, validate=True) if encoding == "base64" else body
        args, kwargs, embedded = json.loads(text)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return "a body that holds no arguments"
    if not (isinstance(args, list) and all(type(one) in (str, int) for one in args)):
        return "arguments of another kind"
    if kwargs or not isinstance(embedded, Mapping) or any(embedded.values()):
        return "more than arguments"
    return None
