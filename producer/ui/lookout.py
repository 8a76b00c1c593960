"""The way to the ledger of pages that only look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ledger.opening import Ledger, open_ledger
from producer.connecting import opened_ledger, server_url
from producer.embedded import EmbeddedServer
from producer.local_mill import mill_folder
from schemas.clock import SystemClock
from schemas.settings import Settings
from storage import Storage

THREADS = 8


class Lookout:
    """Lends the ledger to one page after the other.

    A mill on one machine has a server only while somebody works there: then that one is used, else
    it is started for the moment of a look, so that `imagemill run` is never kept from its folder.
    """

    def __init__(self, settings: Settings, storage: Storage, clock: SystemClock) -> None:
        self._settings = settings
        self._clock = clock
        self._server = EmbeddedServer(mill_folder(storage))
        self._one_at_a_time = threading.Lock()
        url = settings.redis_url
        # Not patient: somebody waits for the page, and can ask again.
        self._shared = (
            None
            if url is None
            else open_ledger(url.get_secret_value(), threads=THREADS, patient=False)
        )

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger for a look. Raises LedgerError, or ProducerError where there is no server."""
        if self._shared is not None:
            self._shared.version.check()
            yield self._shared
            return
        with (
            self._one_at_a_time,
            server_url(self._settings, self._server, self._clock) as url,
            opened_ledger(url) as ledger,
        ):
            yield ledger

    def leave(self) -> None:
        """The process is to end: a server that does not answer is given up within seconds."""
        if self._shared is not None:
            self._shared.leave()

    def close(self) -> None:
        """Give back connections."""
        if self._shared is not None:
            self._shared.close()
