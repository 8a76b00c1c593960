"""Opens the one Redis client of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from ledger.errors import LedgerMisnamed
from ledger.sentinel_address import SentinelAddress
from ledger.sentinel_pool import SentinelPool

TIMEOUT_S = 10.0
PATIENT_RETRIES = 12
"""With the backoff below about ten seconds: a restarted server is waited for, not reported."""


class _Patience(Retry):
    """Waits for a server that is away, never for one that refuses us."""

    def call_with_retry(
        self,
        do: Callable[[], Any],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> Any:
        """Call until it works or patience ends."""

        def worth_it(error: Exception) -> bool:
            if isinstance(error, redis.AuthenticationError):  # a ConnectionError to redis-py
                return False
            return is_retryable is None or is_retryable(error)

        return super().call_with_retry(do, fail, worth_it, with_failure_count)


def connect(url: str, *, threads: int = 8, patient: bool = True) -> redis.Redis:
    """A client for `redis://`, `rediss://`, `unix://`, `sentinel://` or `sentinels://`.

    Every script may be sent twice without harm, so lost connections are tried again: for about ten
    seconds if `patient`, once otherwise. Raises LedgerMisnamed for an address that is none.
    """
    backoff = ExponentialWithJitterBackoff(base=0.05, cap=1.0)
    options: dict[str, Any] = {
        "max_connections": threads + 8,
        "timeout": TIMEOUT_S,
        "decode_responses": True,
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S / 2,
        "socket_keepalive": True,
        "health_check_interval": 30,
        "retry": _Patience(backoff, PATIENT_RETRIES if patient else 1),
        "client_name": "imagemill",
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
