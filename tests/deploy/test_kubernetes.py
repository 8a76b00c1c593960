"""deploy/kubernetes: each resource as its schema has it, and the whole as kustomize builds it."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import kubernetes_validate
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.deploy.processes import DEPLOY, procfile
from tests.program import program
from worker.figures import THREADS_WANTED

KUBERNETES = DEPLOY / "kubernetes"
VERSION = "1.32"
DOCS = DEPLOY.parent / "docs" / "operations.md"


def documents(folder: Path) -> list[dict[str, Any]]:
    return [
        document
        for path in sorted(folder.glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


RESOURCES = documents(KUBERNETES / "base") + documents(KUBERNETES / "example")
OWN = [one for one in RESOURCES if "keda.sh" not in one["apiVersion"]]
DEPLOYMENTS = {one["metadata"]["name"]: one for one in OWN if one["kind"] == "Deployment"}


class Strict(BaseModel):
    """KEDA's documented fields that are used here; any other is a slip of the pen."""

    model_config = ConfigDict(extra="forbid")


class Target(Strict):
    name: str


class Fallback(Strict):
    failure_threshold: int = Field(alias="failureThreshold", ge=1)
    replicas: int = Field(ge=0)


class Advanced(Strict):
    behaviour: dict[Literal["behavior"], Any] = Field(alias="horizontalPodAutoscalerConfig")


class PrometheusQuery(Strict):
    address: str = Field(alias="serverAddress", pattern="^https?://")
    query: str
    threshold: str = Field(pattern=r"^\d+(\.\d+)?$")
    ignore_null: Literal["true", "false"] = Field(alias="ignoreNullValues")


class Trigger(Strict):
    type: Literal["prometheus"]
    metric_type: Literal["AverageValue"] = Field(alias="metricType")
    metadata: PrometheusQuery


class ScaledObjectSpec(Strict):
    target: Target = Field(alias="scaleTargetRef")
    least: int = Field(alias="minReplicaCount", ge=0)
    most: int = Field(alias="maxReplicaCount", ge=1)
    polling_s: int = Field(alias="pollingInterval", ge=1)
    cooldown_s: int = Field(alias="cooldownPeriod", ge=0)
    fallback: Fallback
    advanced: Advanced
    triggers: list[Trigger] = Field(min_length=1)


class Labels(Strict):
    pairs: dict[str, str]
    templates: bool = Field(alias="includeTemplates")


class Image(Strict):
    name: str
    new_name: str = Field(alias="newName")
    new_tag: str = Field(alias="newTag")


class Secret(Strict):
    name: str
    envs: list[str] = Field(min_length=1)


class Kustomization(Strict):
    """Kustomize's documented fields that are used here."""

    version: Literal["kustomize.config.k8s.io/v1beta1"] = Field(alias="apiVersion")
    kind: Literal["Kustomization"]
    namespace: str | None = None
    labels: list[Labels] = []
    resources: list[str]
    images: list[Image]
    secrets: list[Secret] = Field(alias="secretGenerator", default=[])


SCALED = {one["metadata"]["name"]: one for one in RESOURCES if one["kind"] == "ScaledObject"}


@pytest.mark.parametrize(
    "resource", OWN, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}"
)
def test_a_resource_is_one(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, VERSION, strict=True)


def test_a_slip_of_the_pen_is_noticed() -> None:
    wrong = copy.deepcopy(DEPLOYMENTS["worker"])
    wrong["spec"]["template"]["spec"]["terminationGracePeriod"] = 90
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize(("name", "calls"), [("worker", "short"), ("generate", "long")])
def test_workers_are_scaled_by_what_limits_allow(name: str, calls: str) -> None:
    resource = SCALED[name]
    assert resource["apiVersion"] == "keda.sh/v1alpha1"
    spec = ScaledObjectSpec.model_validate(resource["spec"])
    assert spec.target.name == name
    assert "replicas" not in DEPLOYMENTS[spec.target.name]["spec"]  # or each apply would undo it
    assert 1 <= spec.fallback.replicas <= spec.least < spec.most
    figure = THREADS_WANTED.name
    assert spec.triggers[0].metadata.query == f'sum({figure}{{calls="{calls}"}})'
    assert f"`{figure}`" in DOCS.read_text(encoding="utf-8")
    with pytest.raises(ValidationError):
        ScaledObjectSpec.model_validate({**resource["spec"], "minReplicas": 2})


def test_every_process_is_deployed_without_rights_to_spare() -> None:
    assert set(DEPLOYMENTS) == set(procfile())
    for deployment in DEPLOYMENTS.values():
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]


def test_budgets_and_services_find_their_pods() -> None:
    labels = {
        name: one["spec"]["template"]["metadata"]["labels"] for name, one in DEPLOYMENTS.items()
    }
    found = 0
    for one in OWN:
        match one["kind"]:
            case "PodDisruptionBudget" | "Deployment":
                selector = one["spec"]["selector"]["matchLabels"]
            case "Service":
                selector = one["spec"]["selector"]
            case _:
                continue
        found += 1
        assert selector == labels[one["metadata"]["name"]]
    assert found == len(DEPLOYMENTS) + 3


@pytest.mark.parametrize("folder", ["base", "example"])
def test_a_kustomization_names_every_file_there_is(folder: str) -> None:
    here = KUBERNETES / folder
    text = (here / "kustomization.yaml").read_text(encoding="utf-8")
    found = Kustomization.model_validate(yaml.safe_load(text))
    secrets = [name for secret in found.secrets for name in secret.envs]
    resources = [name for name in found.resources if name != "../base"]
    assert sorted([*resources, *secrets, "kustomization.yaml"]) == sorted(
        path.name for path in here.iterdir()
    )
    assert ("../base" in found.resources) == (folder == "example")
    assert {image.name for image in found.images} == {
        container["image"]
        for one in DEPLOYMENTS.values()
        for container in one["spec"]["template"]["spec"]["containers"]
    }


def built_from(folder: Path) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [program("kubectl"), "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return list(yaml.safe_load_all(ran.stdout))


def test_a_cluster_without_keda_takes_what_the_page_says(tmp_path: Path) -> None:
    (said,) = re.findall(r"```yaml\n(replicas:.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    copied = shutil.copytree(KUBERNETES, tmp_path / "kubernetes") / "example"
    path = copied / "kustomization.yaml"
    path.write_text(path.read_text(encoding="utf-8") + said)
    built = built_from(copied)
    assert "ScaledObject" not in {one["kind"] for one in built}
    replicas = {
        one["metadata"]["name"]: one["spec"]["replicas"]
        for one in built
        if one["kind"] == "Deployment"
    }
    assert replicas["worker"] == 2
    assert set(replicas) == set(DEPLOYMENTS)


def test_kustomize_builds_the_example() -> None:
    built = built_from(KUBERNETES / "example")
    secrets = {one["metadata"]["name"] for one in built if one["kind"] == "Secret"}
    assert len(secrets) == 2
    for one in built:
        if one["kind"] == "Deployment":
            (container,) = one["spec"]["template"]["spec"]["containers"]
            assert container["image"].startswith("registry.example.com/imagemill:")
            assert container["envFrom"][0]["secretRef"]["name"] in secrets
            assert one["metadata"]["namespace"] == "imagemill"
        if one["kind"] not in ("ScaledObject", "Secret"):
            kubernetes_validate.validate(one, VERSION, strict=True)
