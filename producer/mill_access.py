"""A mill's ledger and storage, for a program that is no command and lives longer than one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ledger.errors import LedgerDenied, LedgerError
from ledger.opening import Ledger
from producer.connecting import (
    NotReachable,
    WrongAccess,
    connected_ledger,
    opened_ledger,
    storage_to_read,
)
from schemas.clock import SystemClock
from schemas.settings import Settings
from storage import Denied, Storage, StorageError


class MillAccess:
    """Opens ledger and storage for each use, or once for all uses within a `with` block.

    Threads may share it; what they do with it ends before the block does.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self._kept = ExitStack()
        self._ledger: Ledger | None = None
        self._storage: Storage | None = None

    def __enter__(self) -> None:
        with ExitStack() as opened:
            # A server of this machine's own stays free for whoever is to work on it.
            if self.settings.redis_url is not None:
                self._ledger = opened.enter_context(opened_ledger(self.settings.redis_url))
            self._storage = opened.enter_context(storage_to_read(self.settings))
            self._kept = opened.pop_all()

    def __exit__(self, *_: object) -> None:
        self._ledger = self._storage = None
        self._kept.close()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger. Raises NoMill, NotReachable, WrongAccess, also for what goes wrong within."""
        with _in_our_words(), ExitStack() as opened:
            yield self._ledger or opened.enter_context(connected_ledger(self.settings, self.clock))

    @contextmanager
    def storage(self) -> Iterator[Storage]:
        """The storage, to read. Raises NotReachable, WrongAccess, also for what goes wrong within."""
        with _in_our_words(), ExitStack() as opened:
            yield self._storage or opened.enter_context(storage_to_read(self.settings))


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except (LedgerDenied, Denied) as error:
        raise WrongAccess(str(error)) from error
    except (LedgerError, StorageError) as error:
        raise NotReachable(str(error)) from error
