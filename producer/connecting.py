"""Opens ledger and storage for a command, and the embedded server where that is what there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from ledger.errors import LedgerDenied, LedgerError, LedgerNewer
from ledger.opening import Ledger, open_ledger
from producer.embedded import EmbeddedServer, visited_server
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.folder_lock import FolderLock
from producer.local_mill import mill_folder
from schemas.clock import SystemClock
from schemas.settings import Settings
from storage import BadUrl, Denied, Storage, StorageError
from storage.configured import storage_from


class NoMill(ProducerError):
    """Nothing was ever submitted here."""

    exit_code = ExitCode.SETTINGS


class NotReachable(ProducerError):
    """Redis or storage cannot be used."""

    exit_code = ExitCode.UNREACHABLE


class WrongAccess(ProducerError):
    """Redis or storage answer, but not to us; or their address is none."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True)
class Connection:
    """What a command works with."""

    ledger: Ledger
    storage: Storage
    embedded: bool
    """The server is the one `imagemill run` brings along."""


@contextmanager
def connected(
    settings: Settings, clock: SystemClock, *, create: bool = False
) -> Iterator[Connection]:
    """Ledger and storage, checked. Without IMAGEMILL_REDIS_URL the embedded server is used.

    Raises NoMill when there is no embedded server's data either, unless `create`.
    """
    if not create:
        require_mill(settings)
    storage = open_checked_storage(settings)
    server = EmbeddedServer(mill_folder(storage))
    try:
        with server_url(settings, server, clock) as url, opened_ledger(url) as ledger:
            yield Connection(ledger, storage, embedded=settings.redis_url is None)
    finally:
        storage.close()


@contextmanager
def connected_ledger(settings: Settings, clock: SystemClock) -> Iterator[Ledger]:
    """The ledger alone, for whoever needs no picture: a storage that is away hinders nobody here.

    Raises as `connected`; without IMAGEMILL_REDIS_URL the ledger lies beside the storage.
    """
    if settings.redis_url is None:
        with connected(settings, clock) as connection:
            yield connection.ledger
    else:
        with opened_ledger(settings.redis_url) as ledger:
            yield ledger


@contextmanager
def storage_to_read(settings: Settings) -> Iterator[Storage]:
    """The storage, for whoever only reads there: nothing is made, written or tried out.

    Raises NotReachable, WrongAccess, also for what goes wrong within the block.
    """
    storage = _opened_storage(settings)
    try:
        with _storage_said():
            yield storage
    finally:
        storage.close()


def require_mill(settings: Settings) -> None:
    """Raises NoMill where there is nothing to look at; makes nothing."""
    if settings.redis_url is not None:
        return
    with closing(_opened_storage(settings)) as storage:
        if not EmbeddedServer(mill_folder(storage)).exists:
            raise NoMill(
                f"There is no batch in {storage.url} yet. Begin with `imagemill run MANIFEST`,"
                " or set IMAGEMILL_REDIS_URL to the server your workers share."
            )


def nobody_works_here(settings: Settings) -> bool:
    """Whether this machine's own mill stands still: what is handed in waits for somebody to go on."""
    if settings.redis_url is not None:
        return False
    with closing(_opened_storage(settings)) as storage:
        lock = FolderLock(mill_folder(storage))
    free = lock.try_acquire()
    lock.release()
    return free


@contextmanager
def server_url(
    settings: Settings, server: EmbeddedServer, clock: SystemClock
) -> Iterator[SecretStr]:
    """The server the settings name, or the embedded one for as long as the block runs."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    with visited_server(server, FolderLock(server.directory), clock) as url:
        yield url


@contextmanager
def opened_ledger(url: SecretStr) -> Iterator[Ledger]:
    """The ledger at an address, which answers. Raises NotReachable, WrongAccess."""
    plain = url.get_secret_value()
    with _ledger_said():
        probe = open_ledger(plain, patient=False)
        probe.version.check()
        probe.close()
        ledger = open_ledger(plain)
        try:
            yield ledger
        finally:
            ledger.close()


def open_checked_storage(settings: Settings) -> Storage:
    """The storage the settings name, usable. Raises NotReachable, WrongAccess."""
    storage = _opened_storage(settings)
    with _storage_said():
        storage.check()
    return storage


@contextmanager
def _storage_said() -> Iterator[None]:
    """What storage says against it, in a command's words. Raises NotReachable, WrongAccess."""
    try:
        yield
    except Denied as error:
        raise WrongAccess(str(error)) from error
    except StorageError as error:
        raise NotReachable(str(error)) from error


@contextmanager
def _ledger_said() -> Iterator[None]:
    """The same of the ledger."""
    try:
        yield
    except (LedgerDenied, LedgerNewer) as error:
        raise WrongAccess(str(error)) from error
    except LedgerError as error:
        raise NotReachable(str(error)) from error


def _opened_storage(settings: Settings) -> Storage:
    try:
        return storage_from(settings)
    except BadUrl as error:
        raise WrongAccess(str(error)) from error
