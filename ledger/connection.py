"""Opens the one Redis client of a process."""

from __future__ import annotations

from typing import Any

import redis

from ledger.errors import LedgerMisnamed
from ledger.patience import Patience
from ledger.sentinel_address import SentinelAddress
from ledger.sentinel_pool import SentinelPool

TIMEOUT_S = 10.0
CONNECT_S = 5.0
ASKED_S = 1.0
PATIENT_RETRIES = 12
"""With the pauses between them about ten seconds: a restarted server is waited for, not reported."""


def connect(
    url: str, *, threads: int = 8, patient: bool = True, patience: Patience | None = None
) -> redis.Redis:
    """A client for `redis://`, `rediss://`, `unix://`, `sentinel://` or `sentinels://`.

    Every script may be sent twice without harm, so lost connections are tried again: for about ten
    seconds if `patient`, once otherwise. Raises LedgerMisnamed for an address that is none.
    """
    patience = patience or Patience()
    retry = patience.retry(PATIENT_RETRIES if patient else 1)
    return _opened(url, threads, TIMEOUT_S, retry=retry, redis_connect_func=patience.greet)


def answers(url: str) -> bool:
    """Whether the server does, within a second. Raises LedgerMisnamed as `connect`."""
    client = _opened(url, 1, ASKED_S, retry=Patience().retry(0))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
        client.connection_pool.disconnect()


def _opened(url: str, threads: int, timeout_s: float, **further: object) -> redis.Redis:
    options: dict[str, Any] = {
        "max_connections": threads + 8,
        "timeout": timeout_s,
        "decode_responses": True,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": min(timeout_s, CONNECT_S),
        "socket_keepalive": True,
        "health_check_interval": 30,
        "client_name": "imagemill",
        **further,
    }
    try:
        watched = SentinelAddress.parse(url)
        if watched is not None:
            return redis.Redis.from_pool(SentinelPool(watched, **options))
        pool = redis.BlockingConnectionPool.from_url(url, **options)
    except ValueError as error:
        raise LedgerMisnamed(
            "The address of the Redis server is not one: write redis://host:6379/0 (or rediss://, or"
            " sentinel://host:26379,host2:26379/service/0) into IMAGEMILL_REDIS_URL."
        ) from error
    return redis.Redis.from_pool(pool)
