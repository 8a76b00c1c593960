"""Connections to whichever server leads, as sentinels say: a new leader is found by connecting anew."""

from __future__ import annotations

from typing import Any

import redis
from redis.sentinel import (
    Sentinel,
    SentinelConnectionPoolProxy,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from ledger.sentinel_address import SentinelAddress


class _LedConnection(SentinelManagedConnection):
    """A connection to the leader. One that was lost asks for the leader again, also where it was not
    lent out anew by its pool: redis-py's own would go to the address of nobody."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send, to the leader."""
        self.connect()  # nothing where it is connected
        super().send_packed_command(command, check_health)


class _LedTlsConnection(_LedConnection, SentinelManagedSSLConnection):
    """The same over TLS."""


class SentinelPool(redis.BlockingConnectionPool):
    """redis-py's own pool for sentinels has no more connections than asked for, but does not wait."""

    def __init__(self, address: SentinelAddress, **options: Any) -> None:
        plain = address.tls is None
        super().__init__(
            connection_class=_LedConnection if plain else _LedTlsConnection,
            db=address.database,
            username=address.username,
            password=address.password,
            **(address.tls or {}),
            **options,
        )
        self.sentinels = Sentinel(address.hosts, sentinel_kwargs=address.asking)
        self.connection_kwargs["connection_pool"] = SentinelConnectionPoolProxy(
            connection_pool=self,
            is_master=True,
            check_connection=False,
            service_name=address.service,
            sentinel_manager=self.sentinels,
        )

    def disconnect(self, inuse_connections: bool = True) -> None:
        """Close the connections, and those to the sentinels where all are closed."""
        super().disconnect(inuse_connections=inuse_connections)
        if inuse_connections and hasattr(self, "sentinels"):
            for sentinel in self.sentinels.sentinels:
                sentinel.connection_pool.disconnect()
