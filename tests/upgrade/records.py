"""Everything a mill keeps, as plain JSON: written by one release, taken over by another."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import redis
from pydantic import BaseModel

from schemas.job import Job
from storage import Storage

FOLDER = Path(__file__).parent / "records"


class Records(BaseModel):
    """What lay in Redis and in storage, and what the provider knew, at one moment."""

    release: str
    written_ms: int
    """When, by the server's clock."""
    keys: dict[str, Any]
    ttl_ms: dict[str, int]
    files: dict[str, str]
    """Base64."""
    tickets: dict[str, tuple[Job, float]]
    """The provider's tasks, and when it created them."""


def read_keys(client: redis.Redis) -> dict[str, Any]:
    """Every key by its type, in a form that every server takes."""
    return {str(key): _read(client, str(key)) for key in sorted(client.scan_iter("mill:*"))}


def read_files(storage: Storage) -> dict[str, str]:
    return {
        stored.key: base64.b64encode(storage.get(stored.key)).decode()
        for stored in storage.list("")
    }


def restore(records: Records, client: redis.Redis, storage: Storage) -> None:
    """Put everything where it lay."""
    for key, (kind, value) in records.keys.items():
        _write(client, key, kind, value)
        if key in records.ttl_ms:
            client.pexpire(key, max(records.ttl_ms[key], 600_000))
    for key, data in records.files.items():
        storage.put(key, base64.b64decode(data), "application/octet-stream")


def _read(client: Any, key: str) -> tuple[str, Any]:
    kind = str(client.type(key))
    if kind == "string":
        return kind, client.get(key)
    if kind == "hash":
        return kind, client.hgetall(key)
    if kind == "list":
        return kind, client.lrange(key, 0, -1)
    if kind == "set":
        return kind, sorted(client.smembers(key))
    assert kind == "zset", kind
    return kind, client.zrange(key, 0, -1, withscores=True)


def _write(client: Any, key: str, kind: str, value: Any) -> None:
    if kind == "string":
        client.set(key, value)
    elif kind == "hash":
        client.hset(key, mapping=value)
    elif kind == "list":
        client.rpush(key, *value)
    elif kind == "set":
        client.sadd(key, *value)
    else:
        client.zadd(key, dict(value))
