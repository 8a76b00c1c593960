"""What can go wrong with the ledger.

LedgerError
 ├── LedgerUnreachable
 ├── LedgerDenied
 │    └── LedgerMisnamed
 ├── LedgerFull
 ├── LedgerNewer
 └── LedgerBroken
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis


class LedgerError(Exception):
    """The ledger could not do what was asked."""


class LedgerUnreachable(LedgerError):
    """The Redis server does not answer. Is it running, and is IMAGEMILL_REDIS_URL right?"""


class LedgerDenied(LedgerError):
    """The Redis server refuses us. Check user and password in IMAGEMILL_REDIS_URL."""


class LedgerMisnamed(LedgerDenied):
    """The address of the Redis server is not one. Correct IMAGEMILL_REDIS_URL."""


class LedgerFull(LedgerError):
    """The Redis server is out of memory. Raise maxmemory; its policy must be noeviction."""


class LedgerNewer(LedgerError):
    """The ledger's records were written by a newer imagemill. Install the release its workers run."""


class LedgerBroken(LedgerError):
    """The Redis server answered with an error that should not happen."""


TRANSLATION: tuple[tuple[type[redis.RedisError], type[LedgerError]], ...] = (
    (redis.AuthenticationError, LedgerDenied),
    (redis.exceptions.AuthorizationError, LedgerDenied),
    (redis.exceptions.NoPermissionError, LedgerDenied),
    (redis.exceptions.OutOfMemoryError, LedgerFull),
    (redis.exceptions.BusyLoadingError, LedgerUnreachable),
    (redis.exceptions.MaxConnectionsError, LedgerUnreachable),
    (redis.exceptions.AuthenticationWrongNumberOfArgsError, LedgerDenied),
    (redis.exceptions.ClusterDownError, LedgerUnreachable),
    (redis.exceptions.TryAgainError, LedgerUnreachable),
    (redis.ConnectionError, LedgerUnreachable),
    (redis.TimeoutError, LedgerUnreachable),
    (redis.exceptions.ReadOnlyError, LedgerUnreachable),
    (redis.RedisError, LedgerBroken),
)
"""redis-py's errors and ours, the most specific first."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn redis-py's errors into ours."""
    try:
        yield
    except redis.RedisError as error:
        for theirs, ours in TRANSLATION:
            if isinstance(error, theirs):
                raise ours(f"{ours.__doc__} ({type(error).__name__}: {error})") from error
        raise
