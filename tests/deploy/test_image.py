"""deploy/Dockerfile: what it leaves in the image, and who runs there."""

from __future__ import annotations

import json
import tomllib

from tests.deploy.processes import DEPLOY

ROOT = DEPLOY.parent
LINES = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
INSTRUCTIONS = [
    (name, rest.strip())
    for name, _, rest in (line.partition(" ") for line in LINES if line and line[0] != "#")
]
KNOWN = {
    *("ARG", "FROM", "RUN", "WORKDIR", "COPY", "ENV", "LABEL", "USER", "STOPSIGNAL"),
    *("HEALTHCHECK", "ENTRYPOINT", "CMD"),
}


def last_stage() -> list[tuple[str, str]]:
    begins = max(index for index, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM")
    return INSTRUCTIONS[begins:]


def test_it_is_built_in_one_stage_and_run_in_another() -> None:
    assert {name for name, _ in INSTRUCTIONS} <= KNOWN
    assert [rest for name, rest in INSTRUCTIONS if name == "FROM"] == [
        "${PYTHON} AS build",
        "${PYTHON}",
    ]
    (base,) = [rest for name, rest in INSTRUCTIONS if rest.startswith("PYTHON=")]
    assert "-slim" in base
    copied = [rest for name, rest in last_stage() if name == "COPY"]
    assert copied == ["--from=build /opt/imagemill /opt/imagemill"]


def test_nobody_is_root_there() -> None:
    (user,) = [rest for name, rest in last_stage() if name == "USER"]
    uid, gid = map(int, user.split(":"))  # numbers: clusters cannot look names up
    assert uid > 0
    assert gid > 0
    assert any(f"--uid {uid} " in rest for name, rest in last_stage() if name == "RUN")


def test_signals_reach_the_program_itself() -> None:
    found = dict(last_stage())
    assert json.loads(found["ENTRYPOINT"]) == ["imagemill"]
    assert json.loads(found["CMD"]) == ["worker"]
    assert found["STOPSIGNAL"] == "SIGTERM"


def test_every_package_reaches_the_build_and_nothing_else_does() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and line[0] != "#"]
    assert rules[0] == "*"
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    packages = set(wheel["targets"]["wheel"]["packages"])
    assert kept == packages | {"pyproject.toml", "README.md", "LICENSE"}
    assert all((ROOT / name).exists() for name in kept)
