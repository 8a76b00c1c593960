"""deploy/compose.yaml: valid, complete, and open to nobody who should not look."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.processes import DEPLOY, made_secrets, procfile

FILE = DEPLOY / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    """As the Compose specification's own schema sees it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)


def test_the_specification_takes_it() -> None:
    ran = validate(FILE)
    assert ran.returncode == 0, ran.stdout


def test_the_specification_refuses_what_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILE.read_text().replace("stop_grace_period", "stop_grace"))
    assert validate(broken).returncode == 1


def test_everything_of_a_fleet_is_there() -> None:
    parts = {"valkey", "seaweed", "prometheus", "grafana", "ui"}
    assert set(SERVICES) == parts | set(procfile()) | {"bucket", "mill"}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


def test_every_file_that_is_mounted_is_there(tmp_path: Path) -> None:
    made = made_secrets(tmp_path / "secrets")
    volumes = [one for service in SERVICES.values() for one in service.get("volumes", [])]
    sources = {one.split(":")[0].removeprefix("./") for one in volumes if one.startswith("./")}
    assert {one for one in sources if not (DEPLOY / one).exists()} == set()
    secrets = {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    env_files = {Path(one).name for one in SERVICES["worker"]["env_file"]}
    assert secrets | env_files <= {path.name for path in made.iterdir()}


def test_what_a_service_names_exists() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", [])) <= set(SERVICES)
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        named = [one.split(":")[0] for one in service.get("volumes", [])]
        assert {one for one in named if not one.startswith(".")} <= set(COMPOSE["volumes"])


def test_only_this_machine_reaches_a_port() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", sorted({*procfile(), "ui"}))
def test_our_processes_have_no_rights_to_spare(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not [key for key in service["environment"] if key.endswith(("PASSWORD", "KEY", "URL"))]


def test_images_of_others_have_a_version() -> None:
    images = {service["image"] for service in SERVICES.values()} - {"imagemill"}
    assert [image for image in images if image.rpartition(":")[2] in ("", "latest")] == []
    assert all(":" in image for image in images)


def test_prometheus_reads_who_has_metrics() -> None:
    path = DEPLOY / "prometheus" / "compose.yml"
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert {"worker", "generate", "beat"} <= set(found["names"])
    for name in found["names"]:
        setting = "IMAGEMILL_METRICS__BEAT_PORT" if name == "beat" else "IMAGEMILL_METRICS__PORT"
        assert SERVICES[name]["environment"][setting] == str(found["port"])
        assert SERVICES[name]["environment"]["IMAGEMILL_METRICS__LISTEN"] == "0.0.0.0"


def test_secrets_differ_and_are_made_once(tmp_path: Path) -> None:
    first, second = made_secrets(tmp_path / "one"), made_secrets(tmp_path / "two")
    texts = {path.name: path.read_text() for path in first.iterdir()}
    assert "change-me" not in "".join(
        text for name, text in texts.items() if name != "worker.env"
    ), texts
    assert (first.stat().st_mode & 0o777, (first / "worker.env").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    for name in ("flower-password", "grafana-password", "redis-url-worker", "s3.json"):
        assert texts[name] != (second / name).read_text()
    with pytest.raises(subprocess.CalledProcessError):
        made_secrets(first)
    assert {path.name: path.read_text() for path in first.iterdir()} == texts
