"""What deploy/ starts is there, is the same everywhere, and leaves no queue without a taker."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click import Context

from producer.cli import cli
from producer.commands.healthcheck import PARTS
from schemas.queues import QUEUES
from tests.deploy.processes import DEPLOY, procfile
from worker.__main__ import main as worker

PROCESSES = procfile()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def pods() -> dict[str, dict[str, object]]:
    """Each Deployment's container."""
    found = {}
    for path in (DEPLOY / "kubernetes" / "base").glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] == "Deployment":
                (container,) = document["spec"]["template"]["spec"]["containers"]
                found[document["metadata"]["name"]] = container
    return found


def healthchecks() -> list[list[str]]:
    """Every health check there is, as the words of its command."""
    image = re.search(r"HEALTHCHECK [^[]*(\[.*\])", DOCKERFILE)
    assert image is not None
    ours = [COMPOSE[name].get("healthcheck", {}).get("test", []) for name in PROCESSES]
    probes = [
        container[probe]["exec"]["command"]  # type: ignore[index] # as YAML gives it
        for container in pods().values()
        for probe in ("startupProbe", "livenessProbe")
    ]
    return [json.loads(image[1]), *[words[1:] for words in ours if words], *probes]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_a_command_of_ours(name: str) -> None:
    program, command, *_ = PROCESSES[name]
    assert program == "imagemill"
    assert cli.get_command(Context(cli), command) is not None


@pytest.mark.parametrize("name", [name for name in PROCESSES if PROCESSES[name][1] == "worker"])
def test_a_worker_understands_its_options(name: str) -> None:
    worker.make_context("worker", PROCESSES[name][2:], resilient_parsing=False)


def test_images_pods_and_the_procfile_start_the_same() -> None:
    assert {name: COMPOSE[name]["command"] for name in PROCESSES} == {
        name: words[1:] for name, words in PROCESSES.items()
    }
    assert {name: container["args"] for name, container in pods().items()} == {
        name: words[1:] for name, words in PROCESSES.items()
    }


def test_somebody_takes_from_every_queue() -> None:
    taken = [
        queue
        for words in PROCESSES.values()
        if "--queues" in words
        for queue in words[words.index("--queues") + 1].split(",")
    ]
    assert sorted(taken) == sorted(QUEUES)


def test_health_is_asked_of_the_right_part() -> None:
    checks = healthchecks()
    assert len(checks) >= 11
    for program, command, part, *options in checks:
        assert (program, command) == ("imagemill", "healthcheck")
        assert part in PARTS
        assert options in ([], ["--live"])


def test_the_units_start_the_same() -> None:
    for name, words in PROCESSES.items():
        text = (DEPLOY / f"imagemill-{name}.service").read_text(encoding="utf-8")
        (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        program, *arguments = line.split()
        assert Path(program).name == "imagemill"
        # On a machine alone one worker takes every queue.
        assert arguments == (["worker"] if name == "worker" else words[1:])
