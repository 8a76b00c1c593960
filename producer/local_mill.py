"""Everything on one machine: embedded server, simulator and worker, started and stopped together."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from producer.embedded import OWNER_TIMEOUT_S, EmbeddedServer
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.folder_lock import FolderLock
from producer.processes import Child, ChildError, wait_for
from producer.worker_environment import worker_environment
from schemas.clock import SystemClock
from schemas.settings import Settings
from storage.local import LocalStorage
from storage.port import Storage

FOLDER = ".imagemill"
SIMULATED_GENERATION_S = 0.9
"""The simulator draws faster than any provider, so that a rehearsal does not take an evening."""
SIMULATED_RUNNING = 2


class MillBusy(ProducerError):
    """Another `imagemill run` works here."""

    exit_code = ExitCode.UNREACHABLE


def mill_folder(storage: Storage) -> Path:
    """Where the embedded server and logs live: beside the pictures, or here for a bucket."""
    if isinstance(storage, LocalStorage):
        return Path(storage.location(FOLDER))
    return Path(FOLDER).absolute()


class LocalMill:
    """The processes of one machine. Use as a context manager: they end with it."""

    def __init__(self, folder: Path, settings: Settings, clock: SystemClock) -> None:
        self.folder = folder
        self._settings = settings
        self._clock = clock
        self._server = EmbeddedServer(folder)
        self._url: SecretStr | None = None
        self._children: list[Child] = []
        self._lock = FolderLock(folder)

    def __enter__(self) -> Self:
        if not wait_for(self._lock.try_acquire, self._clock, OWNER_TIMEOUT_S):
            raise MillBusy(
                f"Another imagemill works in {self.folder.parent}. Follow it with `imagemill watch`,"
                " or give this one its own place with --out."
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self._children):
            child.stop()
        self._server.stop(self._clock)
        self._lock.release()

    def start_server(self) -> SecretStr:
        """The ledger's server: the one the settings name, or the embedded one."""
        if self._url is None:
            self._url = self._settings.redis_url or self._server.start(self._clock)
        return self._url

    def check_server(self) -> None:
        """Raises EmbeddedServerError where the embedded server has ended."""
        self._server.check()

    def start_worker(self, *, simulated: bool) -> Child:
        """One worker process on this machine. Raises ChildError when it ends at once."""
        environment = worker_environment(self._settings) | {
            "IMAGEMILL_REDIS_URL": self.start_server().get_secret_value(),
            "IMAGEMILL_STORAGE_URL": self._absolute_storage(),
        }
        if simulated:
            environment |= self._start_simulator()
        worker = Child("worker", [], self.folder / "worker.log", **environment)
        self._children.append(worker)
        return worker

    def _start_simulator(self) -> dict[str, str]:
        address = self.folder / "simulator.json"
        arguments = [
            "--generation-s", str(SIMULATED_GENERATION_S),
            "--running", str(SIMULATED_RUNNING),
            "--journal", str(self.folder / "simulator.journal"),
        ]  # fmt: skip
        url = None
        for port in (_port_of(address), 0):
            simulator = Child(
                "simulator", [*arguments, "--port", str(port)], self.folder / "simulator.log"
            )
            try:
                url = simulator.first_line()["url"]
            except ChildError:
                simulator.stop()
                if port == 0:
                    raise
                continue
            self._children.append(simulator)
            break
        address.write_text(json.dumps({"url": url}), encoding="utf-8")
        return {"IMAGEMILL_SIMULATOR_URL": str(url)}

    def _absolute_storage(self) -> str:
        url = self._settings.storage_url
        return url if url.startswith("s3:") else str(self.folder.parent)


def _port_of(address: Path) -> int:
    """The port the simulator had before: addresses it signed then still work on it."""
    try:
        url: str = json.loads(address.read_text(encoding="utf-8"))["url"]
        return int(url.rsplit(":", 1)[1])
    except (OSError, ValueError, KeyError):
        return 0
